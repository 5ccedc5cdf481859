"""A runner on a real engine, and what a test asks of it again and again."""

import asyncio
import dataclasses
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import docker

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import ContainerStatus
from jobsched.domain.job import Access, Container, Instance, JobId
from jobsched.plugins.docker_runner import DockerRunner, DockerRunnerSchema, Settings
from jobsched.services import RunningServices, StoreClock


@dataclass(slots=True, kw_only=True)
class Bench:
    """A runner, one machine, and the engine itself as the judge of what really happened."""

    runner: DockerRunner
    machine: Instance
    engine: docker.APIClient
    services: RunningServices
    image: str
    job: str = field(default_factory=lambda: uuid.uuid4().hex)

    def order(self, *command: str, number: int = 1, **fields: Any) -> ContainerOrder:
        """An order of a command; `number` tells the containers of one test apart."""
        usual: dict[str, Any] = {
            "deployment": self.services.deployment,
            "job": JobId(self.job),
            "attempt": 1,
            "launch": number,
            "name": f"jobsched-{self.job}-1-{number}",
            "image": self.image,
            "command": command,
            "environment": (),
            "pull": "missing",
            "timeout": timedelta(hours=1),
            "grace": timedelta(seconds=10),
        }
        return ContainerOrder(**usual | fields)

    def shell(self, script: str, **fields: Any) -> ContainerOrder:
        """An order of a shell script."""
        return self.order("sh", "-c", script, **fields)

    async def prepared(self, order: ContainerOrder) -> Container:
        """Prepare."""
        return await self.runner.prepare(self.machine, order)

    async def started(self, order: ContainerOrder) -> Container:
        """Prepare and start."""
        container = await self.prepared(order)
        await self.runner.start(self.machine, container)
        return container

    async def inspect(self, container: Container) -> ContainerStatus:
        """Inspect."""
        return await self.runner.inspect(self.machine, container)

    async def ended(self, container: Container) -> ContainerStatus:
        """Wait for the end; the test's own time limit ends it if there is none."""
        while (status := await self.inspect(container)).phase == "running":
            await asyncio.sleep(0.02)
        return status

    async def output(self, container: Container, *, since: int = 0, follow: bool = False) -> bytes:
        """The output from a byte on."""
        found = self.runner.logs(self.machine, container, since=since, follow=follow)
        return b"".join([chunk.data async for chunk in found])

    def starts(self) -> int:
        """How often the engine started a container of this test, by its own events."""
        label = f"jobsched.deployment={self.services.deployment}"
        filters = {"type": "container", "event": "start", "label": label}
        now = datetime.fromisoformat(self.engine.info()["SystemTime"])
        found = self.engine.events(since=0, until=int(now.timestamp()) + 1, filters=filters)
        return len(list(found))

    def elsewhere(self, **access: Any) -> Instance:
        """The same machine, reached another way."""
        assert self.machine.access is not None
        return Instance(id="m", access=dataclasses.replace(self.machine.access, **access))


class HastyClock(StoreClock):
    """A clock on which nobody waits; it keeps how long they would have."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Return at once."""
        self.slept.append(seconds)


def make_runner(services: RunningServices, **section: Any) -> DockerRunner:
    """A runner that waits nearly as long for a busy engine as a test may last."""
    loaded = DockerRunnerSchema().load({"request_timeout": 8.0, **section})
    return DockerRunner(Settings.of(loaded, services.ca_dir), services)


def make_bench(
    url: str, access: Access, services: RunningServices, image: str, **section: Any
) -> Bench:
    """A bench over one engine."""
    return Bench(
        runner=make_runner(services, **section),
        machine=Instance(id="m", access=access),
        engine=docker.APIClient(base_url=url, version="auto", timeout=20),
        services=services,
        image=image,
    )


def sweep(bench: Bench) -> None:
    """Remove every container that the test made."""
    label = f"jobsched.deployment={bench.services.deployment}"
    for found in bench.engine.containers(all=True, filters={"label": label}):
        bench.engine.remove_container(found["Id"], force=True, v=True)
    bench.engine.close()
