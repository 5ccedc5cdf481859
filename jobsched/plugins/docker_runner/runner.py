"""The runner itself: each method of the contract, as calls in threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import ClassVar, Concatenate, ParamSpec, TypeVar

from marshmallow import Schema

from jobsched.contracts.order import ContainerOrder, MachineOrder
from jobsched.contracts.runner import ContainerStatus, LogChunk, MachineWarning, Runner
from jobsched.contracts.services import Pool, Services
from jobsched.domain.job import Access, Container, Instance, Json
from jobsched.errors import RunnerFailed
from jobsched.plugins.docker_runner import (
    creation,
    ending,
    image,
    lifecycle,
    output,
    stopping,
)
from jobsched.plugins.docker_runner.boot_script import boot_script
from jobsched.plugins.docker_runner.bridge import bridge
from jobsched.plugins.docker_runner.clients import Clients, Connection
from jobsched.plugins.docker_runner.config import Settings
from jobsched.plugins.docker_runner.leash import Leash, Let
from jobsched.plugins.docker_runner.options import OptionsSchema
from jobsched.plugins.docker_runner.warning import put as put_warning

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class DockerRunner(Runner):
    """Runs containers on Docker Engines.

    What can last (a pull, a stop, logs, events) has threads of its own, so that none of it holds up
    a start. A call that hangs keeps its thread for ``request_timeout``, and hurts nobody else.
    """

    name: ClassVar[str] = "docker_runner"
    status_section: ClassVar[str] = "docker"
    options_schema: ClassVar[type[Schema] | None] = OptionsSchema
    reports_ends: ClassVar[bool] = True
    access: ClassVar[frozenset[str]] = frozenset({"this_host", "docker_tls"})

    def __init__(self, settings: Settings, services: Services) -> None:
        self._settings = settings
        self._deployment = services.deployment
        self._clock = services.clock
        self._clients = Clients(settings)
        self._boot_script = ""
        pool = services.spawn.pool
        self._calls = pool("docker-call", settings.threads)
        self._stops = pool("docker-stop", settings.stop_threads)
        # Apart: a machine that is being taken away may not answer, and others are to be stopped.
        self._warnings = pool("docker-warn", settings.stop_threads)
        self._pulls = pool("docker-pull", settings.pull_threads)
        self._logs = pool("docker-logs", settings.log_threads)
        self._follows = pool("docker-follow", settings.follow_threads)
        self._watches = pool("docker-watch", settings.watch_threads)

    def boot_script(self, order: MachineOrder) -> str:
        """Give what makes an engine of a fresh machine; the same for all, and read once."""
        if order.is_fresh and not self._boot_script:
            self._boot_script = boot_script(self._settings)
        return self._boot_script if order.is_fresh else ""

    def status(self, container: Container | None) -> Json:
        """Give the container's id and what its image was pinned to; nulls before there is one."""
        return {
            "container_id": (container.id or None) if container else None,
            "image_digest": (container.image or None) if container else None,
        }

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Adopt what an earlier try made; else get the image, pin it and create the container."""
        access = instance.access
        made = await self._call(self._calls, access, _adopt_or_pin, order)
        if isinstance(made, Container):
            return made
        if made is None:
            leash = Leash()
            try:
                made = await self._call(
                    self._pulls, access, _pull, order, self._settings.pull_silence, leash
                )
            finally:
                # Cancelled: the engine ends a pull that nobody listens to.
                leash.pull()
        return await self._created(access, order, made)

    async def _created(self, access: Access | None, order: ContainerOrder, image: str) -> Container:
        """Create it; once that was sent, a cancel waits for the engine's answer.

        Who cancels it removes the container by its name next, and must find it.
        """
        leash = Leash()
        creating = asyncio.ensure_future(
            self._call(self._calls, access, _create, order, image, self._settings, leash)
        )
        try:
            return await asyncio.shield(creating)
        except asyncio.CancelledError:
            leash.pull()
            await asyncio.gather(creating, return_exceptions=True)
            raise

    async def start(self, instance: Instance, container: Container) -> None:
        """Send one start, by name."""
        await self._call(self._calls, instance.access, lifecycle.start, container)

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Look at the container; ``unknown`` where the right engine does not answer."""
        try:
            return await self._call(
                self._calls, instance.access, lifecycle.inspect, container, self._deployment
            )
        except RunnerFailed as error:
            return ContainerStatus(phase="unknown", message=error.message)

    async def withdraw(self, instance: Instance, container: Container) -> ContainerStatus:
        """Rename the container, wait until no request of before can be under way, and look."""
        try:
            await self._call(self._calls, instance.access, lifecycle.rename_away, container)
        except RunnerFailed as error:
            return ContainerStatus(phase="unknown", message=error.message)
        await self._clock.sleep(self._settings.request_timeout)
        return await self.inspect(instance, container)

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Stop the container; returns once it has ended. No thread waits meanwhile."""
        access, clock = instance.access, self._clock
        if not await self._call(self._stops, access, stopping.ask, container):
            return
        until = clock.monotonic() + grace.total_seconds()
        for pause in stopping.pauses():
            left = until - clock.monotonic()
            if left <= 0:
                break
            await clock.sleep(min(pause, left))
            if not await self._call(self._stops, access, stopping.is_running, container):
                return
        await self._call(self._stops, access, lifecycle.stop, container, timedelta(0))

    async def warn(self, instance: Instance, container: Container, warning: MachineWarning) -> None:
        """Put the file into the container."""
        access, document = instance.access, warning.document
        await self._call(self._warnings, access, put_warning, container, document)

    async def remove(self, instance: Instance, container: Container) -> None:
        """Remove the container with its volumes."""
        await self._call(
            self._calls, instance.access, lifecycle.remove, container, self._deployment
        )

    def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Read the output; a connection that breaks before its end raises ``RunnerFailed``."""

        def produce(emit: Callable[[LogChunk], None], leash: Leash) -> None:
            with self._clients.use(instance.access) as connection:
                output.read(connection, container, since, emit, leash, follow=follow)

        return bridge(self._follows if follow else self._logs, produce)

    def watch(self, access: Access) -> AsyncIterator[str]:
        """Listen to the engine's events; a connection that breaks raises ``RunnerFailed``."""

        def produce(emit: Callable[[str], None], leash: Leash) -> None:
            with self._clients.use(access) as connection:
                ending.listen(connection, self._deployment, emit, leash)

        return bridge(self._watches, produce)

    async def _call(
        self,
        pool: Pool,
        access: Access | None,
        function: Callable[Concatenate[Connection, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        def work() -> Result:
            with self._clients.use(access) as connection:
                return function(connection, *args, **kwargs)

        return await pool.run(work)


def _adopt_or_pin(connection: Connection, order: ContainerOrder) -> Container | str | None:
    adopted = creation.adopt(connection.client, order)
    return image.local(connection.client, order) if adopted is None else adopted


def _pull(connection: Connection, order: ContainerOrder, silence: float, leash: Leash) -> str:
    return image.pull(connection.client, order, silence, leash)


def _create(
    connection: Connection, order: ContainerOrder, pinned: str, settings: Settings, leash: Leash
) -> Container:
    if leash.pulled:
        raise Let
    return creation.create(connection.client, order, pinned, settings)


__all__ = ["DockerRunner"]
