"""Fixtures for tests of `process_runner` with real processes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import ContainerStatus
from jobsched.domain.job import Container
from jobsched.plugins.process_runner import ProcessRunner
from tests.unit.plugins.lent import LentServices
from tests.unit.plugins.process_runner.orders import HERE


@dataclass(slots=True)
class Bench:
    """A runner over a data directory, and what a test asks of it again and again."""

    services: LentServices
    runner: ProcessRunner

    @property
    def folder(self) -> Path:
        """Where the containers are."""
        return self.services.data_dir / "processes"

    def restart(self) -> None:
        """Put a new worker's runner in the place of the old one."""
        self.runner = ProcessRunner(self.services)

    async def started(self, order: ContainerOrder) -> Container:
        """Prepare and start."""
        container = await self.runner.prepare(HERE, order)
        await self.runner.start(HERE, container)
        return container

    async def inspect(self, container: Container) -> ContainerStatus:
        """Inspect."""
        return await self.runner.inspect(HERE, container)

    async def ended(self, container: Container) -> ContainerStatus:
        """Wait for the end; the test's own time limit ends it if there is none."""
        while (status := await self.inspect(container)).phase == "running":
            await asyncio.sleep(0.02)
        return status

    async def output(self, container: Container, *, since: int = 0) -> bytes:
        """The whole output."""
        chunks = [chunk async for chunk in self.runner.logs(HERE, container, since=since)]
        return b"".join(chunk.data for chunk in chunks)


async def until(condition: Callable[[], object]) -> None:
    """Wait until it is so; the test's own time limit ends it if it never is."""
    while not condition():
        await asyncio.sleep(0.02)


def alive(number: int) -> bool:
    """Whether a process is alive; a dead one that nobody has reaped is not."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A runner; whatever a test leaves running is killed after it."""
    services = LentServices(data_dir=tmp_path)
    (tmp_path / "host-id").write_text("this-machine\n")
    bench = Bench(services, ProcessRunner(services))
    yield bench
    if bench.folder.exists():
        for path in bench.folder.iterdir():
            if not path.name.startswith("."):
                await bench.runner.remove(HERE, Container(name=path.name))
    services.spawn.close()
