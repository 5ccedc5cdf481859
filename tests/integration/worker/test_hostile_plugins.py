"""Installed plugins that raise, hang or answer rubbish, through the real worker on a real Redis."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from jobsched import bootstrap
from jobsched.domain.job import Job, JobId
from jobsched.domain.state import State, reason_of, state_of
from jobsched.engine import call
from jobsched.engine.parts import Parts
from jobsched.engine.submit import submit
from jobsched.hooks import notify
from jobsched.testing.fakes import FakeWorld
from jobsched.worker.dispatch import Pace
from jobsched.worker.working import working
from tests.distributions import Distributions

pytestmark = pytest.mark.timeout(180)

WORLD = """
    from jobsched.services import StoreClock
    from jobsched.testing.fakes import FakeProvider, FakeRunner, FakeWorld

    WORLD = FakeWorld(clock=StoreClock(), boot=0, runs=0.3)
    TOLD = []

    class UnwatchedRunner(FakeRunner):
        def watch(self, access):
            return None

    @hookimpl
    def jobsched_providers():
        return [FakeProvider(WORLD)]

    @hookimpl
    def jobsched_runners():
        return [UnwatchedRunner(WORLD)]

    @hookimpl
    def jobsched_job_changed(change):
        TOLD.append((change.job, change.state))
"""
#: the other plugin: what is broken is written at its end
BAD = """
    import asyncio
    from {world} import WORLD, FakeProvider, UnwatchedRunner

    CALLS = []

    async def misbehave(work):
        CALLS.append(work)
        {how}

    class BadProvider(FakeProvider):
        name = "bad"

    class BadRunner(UnwatchedRunner):
        name = "bad"

    @hookimpl
    def jobsched_providers():
        return [BadProvider(WORLD)]

    @hookimpl
    def jobsched_runners():
        return [BadRunner(WORLD)]
"""
CHANGED = """
    @hookimpl
    async def jobsched_job_changed(change):
        return await misbehave(change)
"""
PROVISION = """
    async def provision(self, request):
        return await misbehave(request)

    BadProvider.provision = provision
"""
START = """
    async def start(self, instance, container):
        return await misbehave(container)

    BadRunner.start = start
"""
STARTED = """
    async def start(self, instance, container):
        await UnwatchedRunner.start(self, instance, container)
        return await misbehave(container)

    BadRunner.start = start
"""
RAISES = 'raise KeyError("machine")'
EXITS = "raise SystemExit(1)"
CANCELS = "raise asyncio.CancelledError"
HANGS = "await asyncio.Event().wait()"
ANSWERS = 'return {"phase": "rubbish"}'
#: what is logged of a listener that does this; of others, that it failed
LOGGED = {HANGS: {"hook.timed_out"}, ANSWERS: set[str]()}
LIMITS = {
    "PLUGIN_ERRORS": "3",
    "TRIES": "4",
    "MACHINES": "1",
    "START": "0.5s",
    "BACKOFF": "0.1s",
    "FIND_AGAIN": "0.2s",
    "INSPECT_UNWATCHED": "0.2s",
}


@dataclass(kw_only=True)
class Stage:
    """A real worker with a good and a bad plugin, and what these saw."""

    parts: Parts
    world: FakeWorld
    calls: list[Any]
    told: list[tuple[str, str]]
    logged: list[Any]

    def events(self, plugin: str) -> set[str]:
        """Give the names of what was logged of a plugin."""
        return {line["event"] for line in self.logged if line.get("plugin") == plugin}

    async def schedule(self, **asked: Any) -> JobId:
        """Schedule a job for now."""
        wish = {"schedule": self.parts.now, "docker_image": "imagined", **asked}
        return (await submit(self.parts, wish)).id

    async def ended(self, job: JobId) -> Job:
        """Give the job when it has ended."""
        while not state_of(found := await self.parts.store.read(job)).is_terminal:
            await asyncio.sleep(0.05)
        return found

    async def beside_good_jobs(self, **asked: Any) -> Job:
        """Run one job on bad parts, and see five others end well meanwhile."""
        bad = await self.schedule(retry={"max_attempts": 1}, **asked)
        good = [await self.schedule() for _ in range(5)]
        async with asyncio.timeout(60):
            others = [await self.ended(job) for job in good]
        assert {reason_of(job) for job in others} == {"finished"}
        assert [line for line in self.logged if line["event"] == "job.bug"] == []
        async with asyncio.timeout(90):
            return await self.ended(bad)

    def left(self) -> list[str]:
        """Give what is left on."""
        return [machine.id for machine in self.world.alive()]


@pytest.fixture
def distributions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Distributions:
    """Installed plugins of this test alone."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    return Distributions(folder, monkeypatch)


@asynccontextmanager
async def stage(
    distributions: Distributions, url: str, folder: Path, where: str, how: str, **limits: str
) -> AsyncIterator[Stage]:
    """Install both plugins, and let a worker work with them."""
    world = distributions.install("imagined", WORLD)
    bad = distributions.install("hostile", BAD.format(world=world, how=how) + where)
    environ = {
        "JOBSCHED_REDIS_URL": url,
        "JOBSCHED_DEPLOYMENT": "hostile",
        "JOBSCHED_SECRET": "hostile!" * 8,
        "JOBSCHED_DATA_DIR": str(folder),
        "JOBSCHED_PLUGINS": "imagined,hostile",
        "JOBSCHED_PROVIDER": "fake",
        "JOBSCHED_RUNNER": "fake",
        **{f"JOBSCHED_LIMITS_{name}": value for name, value in {**LIMITS, **limits}.items()},
    }
    config = bootstrap.configure(environ=environ)
    await bootstrap.init_store(config)
    with capture_logs() as logged:
        async with (
            bootstrap.parts(config, worker="worker") as (parts, plugins),
            working(parts, plugins, Pace()) as at_work,
        ):
            yield Stage(
                logged=logged,
                parts=at_work.parts,
                world=sys.modules[world].WORLD,
                calls=sys.modules[bad].CALLS,
                told=sys.modules[world].TOLD,
            )


@pytest.mark.parametrize("how", [RAISES, EXITS, CANCELS, HANGS, ANSWERS])
async def test_a_listener_hurts_nobody(
    distributions: Distributions,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    """Whatever it does with a change, jobs end well, and the other plugins hear of all of it."""
    patience = {"patience": timedelta(seconds=1)}
    monkeypatch.setattr(notify.Teller.__init__, "__kwdefaults__", patience)
    async with stage(distributions, redis_url, tmp_path, CHANGED, how) as seen:
        ended = await seen.beside_good_jobs()
        assert state_of(ended) is State.FINISHED
        async with asyncio.timeout(60):
            while sum(state == "finished" for _, state in seen.told) < 6:
                await asyncio.sleep(0.05)
        assert len(seen.calls) > 1
        assert seen.events("hostile") >= LOGGED.get(how, {"hook.failed"})
        assert seen.left() == []


@pytest.mark.parametrize("how", [RAISES, EXITS, CANCELS, ANSWERS])
async def test_a_provider_that_breaks_ends_its_own_attempt(
    distributions: Distributions, redis_url: str, tmp_path: Path, how: str
) -> None:
    """It is asked as often as the limit says, and others go on; no machine is left."""
    async with stage(distributions, redis_url, tmp_path, PROVISION, how) as seen:
        ended = await seen.beside_good_jobs(provider="bad")
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "plugin_error")
        assert len(seen.calls) == 3
        # always the same request
        assert len(set(seen.calls)) == 1
        assert seen.left() == []


async def test_a_provider_that_hangs_ends_its_own_attempt(
    distributions: Distributions,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its request is given up after its time, looked for, and the job ends by its own limit."""
    monkeypatch.setattr(call, "USUAL", timedelta(seconds=1))
    async with stage(
        distributions, redis_url, tmp_path, PROVISION, HANGS, PROVISIONING="2s"
    ) as seen:
        ended = await seen.beside_good_jobs(provider="bad", late_limit=timedelta(seconds=4))
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "expired")
        assert 1 <= len(seen.calls) <= 5
        assert seen.left() == []


@pytest.mark.parametrize("how", [RAISES, EXITS, CANCELS])
async def test_a_start_that_breaks_ends_its_own_attempt(
    distributions: Distributions, redis_url: str, tmp_path: Path, how: str
) -> None:
    """Each start has a container of its own, and each doubt is resolved before the next."""
    async with stage(distributions, redis_url, tmp_path, START, how) as seen:
        ended = await seen.beside_good_jobs(runner="bad")
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "plugin_error")
        assert len({container.name for container in seen.calls}) == len(seen.calls) == 3
        assert len(seen.world.starts) == 5
        assert seen.left() == []


async def test_a_start_that_hangs_ends_its_own_attempt(
    distributions: Distributions, redis_url: str, tmp_path: Path
) -> None:
    """It is withdrawn and tried again, as often as the limits say."""
    async with stage(distributions, redis_url, tmp_path, START, HANGS) as seen:
        ended = await seen.beside_good_jobs(runner="bad")
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "machine_lost")
        assert len({container.name for container in seen.calls}) == len(seen.calls) == 4
        assert len(seen.world.starts) == 5
        assert seen.left() == []


@pytest.mark.parametrize("how", [RAISES, EXITS, CANCELS, HANGS, ANSWERS])
async def test_a_start_that_breaks_too_late_is_adopted(
    distributions: Distributions, redis_url: str, tmp_path: Path, how: str
) -> None:
    """The container runs all the same: it is found so, and never started again."""
    async with stage(distributions, redis_url, tmp_path, STARTED, how) as seen:
        ended = await seen.beside_good_jobs(runner="bad")
        assert state_of(ended) is State.FINISHED
        assert len(seen.calls) == 1
        assert set(seen.world.starts.values()) == {1}
        assert seen.left() == []
