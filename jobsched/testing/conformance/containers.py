"""The containers of one runner test, all of which are removed after it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import ContainerStatus, LogChunk, MachineWarning, Runner
from jobsched.domain.job import Container, Instance, JobId
from jobsched.errors import OperationFailed
from jobsched.testing.conformance.answer import answer, items
from jobsched.testing.conformance.breach import Broken
from jobsched.testing.conformance.image import Images
from jobsched.testing.conformance.program import Command, Programs
from jobsched.testing.conformance.settling import settled

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Containers:
    """A runner, another worker's, one machine, and what was prepared on it."""

    runner: Runner
    another: Runner
    instance: Instance
    #: the same machine's address, at which another machine answers
    elsewhere: Instance
    #: a machine that does not answer
    nowhere: Instance
    #: what every order begins with
    template: ContainerOrder
    programs: Programs
    #: how long a call may take, besides a grace
    answers_within: timedelta
    #: how long a program that ends may take to be seen ended
    ends_within: timedelta
    #: how long after its withdrawal a start is watched
    late_by: timedelta
    #: whether containers are made of images
    has_images: bool
    #: whether a container's memory has a limit
    limits_memory: bool
    #: images that cannot be had
    images: Images = field(default_factory=Images)
    #: texts that may be shown nowhere
    secrets: tuple[str, ...] = ()
    #: names of all that may be there
    _names: list[str] = field(default_factory=list)

    async def ask(self, work: Awaitable[T]) -> T:
        """Give the answer of a call, which it must give in time."""
        return await answer(work, within=self.answers_within)

    def order(
        self, command: Command, *environment: str, resources: dict[str, Any] | None = None
    ) -> ContainerOrder:
        """Order a container that nobody has ordered before."""
        job = JobId(secrets.token_hex(16))
        return self.written(
            replace(
                self.template,
                job=job,
                attempt=1,
                launch=1,
                name=f"jobsched-{job}-1-1",
                command=command,
                environment=(*self.template.environment, *environment),
                resources={**self.template.resources, **(resources or {})},
            )
        )

    def written(self, order: ContainerOrder) -> ContainerOrder:
        """Write down that there may be such a container."""
        self._names.append(order.name)
        return order

    def again(self, order: ContainerOrder) -> ContainerOrder:
        """Order the next container of the same launch, as after a withdrawn start."""
        return self.written(replace(order, name=f"{order.name}-2"))

    async def prepare(self, order: ContainerOrder, *, by: Runner | None = None) -> Container:
        """Prepare a container."""
        return await self.ask((by or self.runner).prepare(self.instance, order))

    async def prepared(self, command: Command, *environment: str) -> Container:
        """Have a container of a command."""
        return await self.prepare(self.order(command, *environment))

    async def start(self, container: Container) -> None:
        """Start it."""
        await self.ask(self.runner.start(self.instance, container))

    async def started(self, command: Command, *environment: str) -> Container:
        """Have a container that was started."""
        container = await self.prepared(command, *environment)
        await self.start(container)
        return container

    async def ready(self, command: Command) -> Container:
        """Have a running container that has said ``ready``."""
        container = await self.started(command)
        said = await settled(
            lambda: self.output(container),
            lambda output: output.startswith(b"ready"),
            within=self.ends_within,
        )
        if not said.startswith(b"ready"):
            raise Broken(f"a program that says 'ready' said {said[:100]!r}")
        return container

    async def inspect(self, container: Container, *, by: Runner | None = None) -> ContainerStatus:
        """Look at it."""
        return await self.ask((by or self.runner).inspect(self.instance, container))

    async def ended(self, container: Container) -> ContainerStatus:
        """Look until it has ended; give what was seen last."""
        return await settled(
            lambda: self.inspect(container),
            lambda status: status.phase not in {"created", "running"},
            within=self.ends_within,
        )

    async def stop(self, container: Container, grace: timedelta) -> None:
        """Stop it, within the grace and the time of a call."""
        stopping = self.runner.stop(self.instance, container, grace)
        await answer(stopping, within=grace + self.answers_within)

    async def warn(self, container: Container, warning: MachineWarning) -> None:
        """Tell it what becomes of its machine."""
        await self.ask(self.runner.warn(self.instance, container, warning))

    async def withdraw(self, container: Container) -> ContainerStatus:
        """Withdraw its start; that may wait for a call to be over."""
        work = self.runner.withdraw(self.instance, container)
        return await answer(work, within=2 * self.answers_within)

    async def remove(self, container: Container) -> None:
        """Remove it."""
        await self.ask(self.runner.remove(self.instance, container))

    async def chunks(
        self,
        container: Container,
        *,
        since: int = 0,
        follow: bool = False,
        by: Runner | None = None,
    ) -> list[LogChunk]:
        """Read its output."""
        runner = by or self.runner
        stream = runner.logs(self.instance, container, since=since, follow=follow)
        return await items(stream, within=self.answers_within)

    async def output(self, container: Container, *, since: int = 0) -> bytes:
        """Give its output as one."""
        return b"".join(chunk.data for chunk in await self.chunks(container, since=since))

    async def clean(self) -> None:
        """Remove everything that may be there: by name, whatever is known of it."""
        while self._names:
            error = await settled(
                lambda: self._removed(self._names[-1]),
                lambda error: error is None,
                within=self.answers_within,
            )
            if error is not None:
                raise error
            self._names.pop()

    async def _removed(self, name: str) -> OperationFailed | None:
        """Remove it, or say why not now: a call that was cancelled may be at it still."""
        try:
            await self.remove(Container(name=name))
        except OperationFailed as error:
            return error
        return None

    @property
    def left(self) -> str:
        """Give the names of what may be there; or empty."""
        return ", ".join(self._names)


__all__ = ["Containers"]
