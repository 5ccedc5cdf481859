"""What a machine says is a hint of one launch: early, late, twice, and from whoever says it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from jobsched.domain.job import Job, JobId
from jobsched.domain.state import State, state_of
from jobsched.engine.callback import receive
from jobsched.errors import Gone, ProviderFailed, Unauthorised
from jobsched.testing.simulator import Simulation, violations
from jobsched.testing.virtual_time import run
from tests.unit.worker.crew import seen_in

#: how many made-up tokens are tried
FORGED = 5_000


@dataclass(kw_only=True)
class Told:
    """A world whose machines are silent: a test speaks for them."""

    simulation: Simulation
    job: JobId

    @classmethod
    async def begin(cls, *, boot: float = 5.0, runs: float = 20.0, **asked: Any) -> Told:
        """Schedule a job; nothing is heard of an end but by looking."""
        simulation = await Simulation.begin(callbacks=lambda: 0, hints=lambda: 0)
        simulation.world.says_ready = True
        simulation.world.boot, simulation.world.runs = boot, runs
        return cls(simulation=simulation, job=await simulation.schedule(**asked))

    async def at(self, state: State) -> Job:
        """Wait until the job is in the state."""
        return await seen_in(self.simulation, self.job, state)

    async def says(
        self, action: str, *, attempt: int = 1, launch: int = 1, token: str = "", **payload: Any
    ) -> Job:
        """Post what a launch's machine says; give the job as it is then."""
        parts = self.simulation.parts()
        await receive(
            parts,
            action=action,
            job_id=self.job,
            instance_id=self.simulation.world.machines[self._launched(attempt, launch)].id,
            payload=payload,
            token=token or parts.secrets.callback_token(self.job, attempt, launch),
        )
        return await self.simulation.job(self.job)

    def _launched(self, attempt: int, launch: int) -> str:
        return self.simulation.parts().secrets.token(self.job, attempt, launch)


def test_an_end_that_is_not_told_is_seen() -> None:
    """A machine whose callback is lost is looked at all the same (C1)."""

    async def story() -> None:
        told = await Told.begin()
        async with told.simulation.worker():
            await told.at(State.BOOTING)
            await told.says("update")
            (ended,) = await told.simulation.ended(told.job, within=600)

        assert state_of(ended) is State.FINISHED
        assert violations(told.simulation, [ended]) == []

    run(story())


def test_what_is_told_again_and_late_changes_nothing() -> None:
    """A callback that comes twice, or a quarter of an hour late, is welcome, and no news (C3)."""

    async def story() -> None:
        told = await Told.begin(runs=1800)
        async with told.simulation.worker():
            await told.at(State.BOOTING)
            before = await told.says("update")
            assert (await told.says("update")).rev == before.rev
            await told.at(State.RUNNING)
            await told.simulation.clock.sleep(900)
            before = await told.simulation.job(told.job)
            assert (await told.says("update")).rev == before.rev
            (ended,) = await told.simulation.ended(told.job)

        assert state_of(ended) is State.FINISHED
        assert violations(told.simulation, [ended]) == []

    run(story())


def test_a_machine_may_speak_before_its_launch_is_answered() -> None:
    """Its token is good from the intent on; what it says is kept for its machine (C5)."""

    async def story() -> None:
        told = await Told.begin(boot=1.0)
        provider = told.simulation.provider
        provision = provider.provision

        async def slowly(request: str) -> Any:
            status = await provision(request)
            await told.simulation.clock.sleep(40)
            return status

        provider.provision = slowly  # type: ignore[method-assign]
        async with told.simulation.worker():
            await told.simulation.clock.sleep(10)
            early = await told.says("update")
            assert early.attempt is not None
            assert early.attempt.launches[0].instance is None
            (ended,) = await told.simulation.ended(told.job, within=600)

        assert state_of(ended) is State.FINISHED
        assert len(told.simulation.world.machines) == 1

    run(story())


def test_an_older_attempts_machine_speaks_for_nobody() -> None:
    """It is told that it is over (410), and the newer launch is as it was (C6)."""

    async def story() -> None:
        retry = {"max_attempts": 2, "on": ("error",)}
        told = await Told.begin(runs=1.0, retry=retry)
        told.simulation.world.code = 3
        async with told.simulation.worker():
            await told.at(State.BOOTING)
            await told.says("update")
            await told.at(State.FINISHING)
            told.simulation.world.code = 0
            before = await told.at(State.BOOTING)
            assert before.attempt is not None
            assert before.attempt.no == 2
            with pytest.raises(Gone):
                await told.says("update", attempt=1)
            with pytest.raises(Gone):
                await told.says("terminate", attempt=1, why="boot_failed")
            assert (await told.simulation.job(told.job)).rev == before.rev
            await told.says("update", attempt=2)
            (ended,) = await told.simulation.ended(told.job)

        assert state_of(ended) is State.FINISHED
        assert violations(told.simulation, [ended]) == []

    run(story())


def test_a_machine_that_boots_after_its_time_ends_by_itself() -> None:
    """Its launch was replaced: it is told so (410), also while nobody can terminate it (B4)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.world.says_ready = True
        simulation.world.boot = 3600
        terminate = simulation.provider.terminate

        async def never(instance: Any) -> Any:
            raise ProviderFailed("no_answer", "the provider is away", effect="unknown")

        simulation.provider.terminate = never  # type: ignore[method-assign]
        async with simulation.worker():
            job = await simulation.schedule()
            await simulation.clock.sleep(1200)
            simulation.world.boot = 1.0
            late, *others = simulation.world.alive()
            assert others
            await simulation.clock.sleep(3600)
            assert late.phase == "gone"
            simulation.provider.terminate = terminate  # type: ignore[method-assign]
            (ended,) = await simulation.ended(job)

        assert state_of(ended) is State.FINISHED
        assert violations(simulation, [ended]) == []

    run(story())


def test_no_token_but_the_launchs_own_is_believed() -> None:
    """Made up, nearly right, another job's, another launch's: nothing is recorded (C7)."""

    async def story() -> None:
        told = await Told.begin(boot=3600)
        other = await told.simulation.schedule()
        secrets = told.simulation.parts().secrets
        async with told.simulation.worker():
            before = await told.at(State.BOOTING)
            right = secrets.callback_token(told.job, 1, 1)
            for token in _forged(right):
                with pytest.raises(Unauthorised):
                    await told.says("update", token=token)
            for token in (
                secrets.callback_token(other, 1, 1),
                secrets.callback_token(told.job, 1, 7),
                secrets.callback_token(told.job, 3, 1),
                secrets.token(told.job, 1, 1),
            ):
                with pytest.raises(Unauthorised):
                    await told.says("update", token=token)
            assert (await told.simulation.job(told.job)).rev == before.rev
            assert (await told.says("update", token=right)).rev > before.rev

    run(story())


def _forged(right: str) -> list[str]:
    chance = random.Random(7)  # noqa: S311 - the same each time
    nearly = [
        right[:at] + ("0" if right[at] != "0" else "1") + right[at + 1 :]
        for at in range(len(right))
    ]
    lengths = [right[:-1], right + "0", right.upper(), f" {right}", "x"]
    made_up = [f"{chance.getrandbits(256):064x}" for _ in range(FORGED)]
    return [*nearly, *lengths, *made_up]


def test_what_is_sent_again_by_somebody_else_ends_no_machine() -> None:
    """A failed boot that was told before is no failed boot of a machine that is ready (C8)."""

    async def story() -> None:
        told = await Told.begin(runs=60.0)
        async with told.simulation.worker():
            await told.at(State.BOOTING)
            await told.says("update")
            await told.says("terminate", why="boot_failed")
            await told.at(State.RUNNING)
            await told.says("terminate", why="boot_failed")
            (ended,) = await told.simulation.ended(told.job, within=600)

        assert state_of(ended) is State.FINISHED
        assert len(told.simulation.world.machines) == 1

    run(story())


def test_an_end_that_is_only_told_is_not_believed() -> None:
    """A container that says that it has ended is looked at, and goes on (C11)."""

    async def story() -> None:
        told = await Told.begin(runs=60.0)
        async with told.simulation.worker():
            await told.at(State.BOOTING)
            await told.says("update")
            await told.at(State.RUNNING)
            await told.simulation.clock.sleep(5)
            await told.says("terminate", why="ended")
            await told.simulation.clock.sleep(5)
            assert state_of(await told.simulation.job(told.job)) is State.RUNNING
            (ended,) = await told.simulation.ended(told.job, within=600)

        assert state_of(ended) is State.FINISHED
        assert ended.attempt is not None
        ending = ended.attempt.launches[0].ending
        assert ending is not None
        assert ending.started_at is not None
        assert ending.finished_at == ending.started_at + timedelta(seconds=60)

    run(story())
