"""A provider that would fail every job is halted at the price of one; all others wait."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import Caps
from jobsched.domain import facts
from jobsched.domain.job import Job, JobId
from jobsched.domain.state import State, reason_of, state_of
from jobsched.engine.cancel import cancel
from jobsched.engine.observe import observe
from jobsched.errors import OperationFailed, ProviderFailed, RunnerFailed
from jobsched.testing.fakes import FakeRunner
from jobsched.testing.simulator import Cast, Life, Simulation, violations
from jobsched.testing.virtual_time import run
from tests.unit.worker.crew import Heard, a_world, crew, seen_in

pytestmark = pytest.mark.timeout(60)

ASKED = ("offers", "freeze", "provision")


class Breaker:
    """A setting that is wrong until it is put right: methods of a provider fail because of it."""

    def __init__(self, provider: Any, *methods: str, effect: str = "none") -> None:
        self.is_wrong = True
        self.broke = 0
        #: calls of what asks for machines, good and bad
        self.asked: Counter[str] = Counter()
        self._effect = effect
        for name in ASKED:
            setattr(provider, name, self._guarded(name, getattr(provider, name), name in methods))

    def _guarded(self, name: str, work: Any, guards: bool) -> Any:  # noqa: FBT001  of one caller
        async def call(*args: Any) -> Any:
            self.asked[name] += 1
            if guards and self.is_wrong:
                await asyncio.sleep(0.3)
                self.broke += 1
                message = "the image ami-1 does not exist"
                raise ProviderFailed("configuration", message, effect=self._effect, then="breaker")  # type: ignore[arg-type]  # a word of the contract
            return await work(*args)

        return call


@asynccontextmanager
async def broken(*methods: str, jobs: int, **settings: Any) -> AsyncIterator[Broken]:
    """Have three workers, a provider that breaks in these methods, and jobs that are due now."""
    simulation = await a_world(**settings)
    breaker = Breaker(simulation.provider, *methods)
    ids = [await simulation.schedule() for _ in range(jobs)]
    async with crew(simulation, workers=3):
        yield Broken(simulation, breaker, ids)


class Broken:
    """What there is of a world with a provider that breaks."""

    def __init__(self, simulation: Simulation, breaker: Breaker, jobs: list[JobId]) -> None:
        self.simulation = simulation
        self.breaker = breaker
        self.jobs = jobs

    async def read(self) -> list[Job]:
        """Read all jobs."""
        return [await self.simulation.job(job) for job in self.jobs]

    async def resume(self) -> int:
        """Put it right, and resume."""
        self.breaker.is_wrong = False
        simulation = self.simulation
        return await simulation.store().resume("fake", simulation.provider.caps)


@pytest.mark.parametrize(("method", "others"), [("offers", 20), ("freeze", 20), ("provision", 100)])
def test_one_job_pays_and_all_others_wait(method: str, others: int) -> None:
    """A wrong setting ends one job; after a resume all others finish (L11)."""

    async def story() -> None:
        async with broken(method, jobs=1 + others) as there:
            simulation = there.simulation
            await simulation.clock.sleep(90)
            found = await there.read()
            paid = [job for job in found if state_of(job).is_terminal]
            (halted,) = (await simulation.store().halted()).values()
            assert [(state_of(job), reason_of(job)) for job in paid] == [
                (State.FAILED, "configuration")
            ]
            assert (halted.job, halted.reason) == (paid[0].id, "configuration")
            assert halted.message == "the image ami-1 does not exist"
            assert set(simulation.store_world.waiting["fake"]) == set(there.jobs) - {paid[0].id}
            assert simulation.world.machines == {}

            assert await there.resume() == others
            ended = await simulation.ended(*there.jobs)
        assert Counter(map(reason_of, ended)) == {"configuration": 1, "finished": others}
        assert violations(simulation, ended) == []
        heard = simulation.log
        assert isinstance(heard, Heard)
        (told,) = heard.told("provider.halted")
        assert told["what_to_do"] == "put it right, then: jobsched resume fake"

    run(story())


def test_a_halted_provider_is_asked_for_nothing() -> None:
    """Jobs that come after the halt wait without an offer, a look-up or a request."""

    async def story() -> None:
        async with broken("provision", jobs=1) as there:
            simulation = there.simulation
            await simulation.ended(there.jobs[0])
            before = there.breaker.asked.copy()
            there.jobs += [await simulation.schedule(after=after) for after in range(20)]
            await simulation.clock.sleep(1000)
            assert there.breaker.asked == before
            assert {state_of(job) for job in (await there.read())[1:]} == {State.SCHEDULED}
            await there.resume()
            ended = await simulation.ended(*there.jobs[1:])
        assert {state_of(job) for job in ended} == {State.FINISHED}

    run(story())


def test_who_waits_can_be_cancelled_and_runs_late() -> None:
    """A halt holds nobody back from an end: a cancel ends the job at once, late_limit in time."""

    async def story() -> None:
        async with broken("freeze", jobs=1) as there:
            simulation = there.simulation
            await simulation.ended(there.jobs[0])
            one = await simulation.schedule()
            other = await simulation.schedule(late_limit=timedelta(minutes=5))
            await simulation.clock.sleep(10)
            await cancel(simulation.parts(), one)
            await simulation.clock.sleep(1)
            assert state_of(await simulation.job(one)) is State.CANCELLED
            (late,) = await simulation.ended(other, within=292)
            assert (state_of(late), reason_of(late)) == (State.FAILED, "expired")
            assert simulation.store_world.waiting["fake"] == {}

    run(story())


def test_each_halt_costs_one_job() -> None:
    """Whoever resumes before the setting is right pays with one more job each time, not with two.

    The resume meets failures that are under way: then it is they that halt it again.
    """

    async def story() -> None:
        async with broken("provision", jobs=60, runs=0.1) as there:
            simulation = there.simulation
            for pause in (0.35, 0.55, 0.62, 3, 30, 200):
                await simulation.clock.sleep(pause)
                await simulation.store().resume("fake", Caps())
            await simulation.clock.sleep(300)
            await there.resume()
            ended = await simulation.ended(*there.jobs)
        heard = simulation.log
        assert isinstance(heard, Heard)
        paid = {job.id for job in ended if reason_of(job) == "configuration"}
        assert {told["job"] for told in heard.told("provider.halted")} == paid
        assert 4 <= len(paid) <= 7
        assert Counter(map(reason_of, ended)) == {
            "configuration": len(paid),
            "finished": 60 - len(paid),
        }
        assert violations(simulation, ended) == []

    run(story())


def test_a_machine_that_is_lost_meanwhile_gives_its_slot_up() -> None:
    """Its job waits for the resume like all others, and then gets another machine."""

    async def story() -> None:
        async with broken("provision", jobs=0, boot=600.0) as there:
            simulation = there.simulation
            there.breaker.is_wrong = False
            job = await simulation.schedule()
            await seen_in(simulation, job, State.BOOTING)
            there.breaker.is_wrong = True
            payer = await simulation.schedule()
            await simulation.ended(payer)
            taken = facts.Interrupted(at=simulation.clock.now(), attempt=1, launch=1)
            await observe(simulation.parts(), await simulation.job(job), taken)
            await simulation.clock.sleep(60)
            assert simulation.world.alive() == []
            assert await simulation.store().slots("fake") == {}
            simulation.world.boot = 0.0
            await there.resume()
            (ended,) = await simulation.ended(job)
        assert state_of(ended) is State.FINISHED
        assert violations(simulation, [ended]) == []

    run(story())


class DiesAt(Life):
    """A worker's life that ends at a named point."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    async def point(self, name: str) -> None:
        """End there."""
        if name == self._name:
            self.dead.set()
        await super().point(name)


@pytest.mark.parametrize("method", ASKED)
@pytest.mark.parametrize("point", ["before store.halt", "after store.halt"])
def test_a_crash_beside_the_halt_costs_no_second_job(method: str, point: str) -> None:
    """A worker that dies before its failure is recorded: one job pays at the most."""

    async def story() -> None:
        simulation = await a_world()
        breaker = Breaker(simulation.provider, method)
        first = await simulation.schedule()
        await simulation.work(DiesAt(point))
        others = [await simulation.schedule() for _ in range(5)]
        was_halted = await simulation.store().halted()
        assert bool(was_halted) == (point == "after store.halt")
        async with crew(simulation, workers=2):
            await simulation.clock.sleep(600)
            found = [await simulation.job(job) for job in (first, *others)]
            paid = [job.id for job in found if state_of(job).is_terminal]
            (halted,) = (await simulation.store().halted()).values()
            if point == "after store.halt":
                assert halted.job == first
            # without a request under way even the job that halted it waits, and nobody pays
            pays = point == "before store.halt" or method == "provision"
            assert paid == ([halted.job] if pays else [])
            breaker.is_wrong = False
            await simulation.store().resume("fake", Caps())
            ended = await simulation.ended(first, *others)
        assert [reason_of(job) for job in ended].count("finished") == 6 - len(paid)
        assert violations(simulation, ended) == []

    run(story())


def test_a_request_under_way_is_resolved_while_the_provider_is_halted() -> None:
    """A launch whose worker died after it was sent is sent again: its machine may be there."""

    async def story() -> None:
        simulation = await a_world()
        job = await simulation.schedule()
        await simulation.work(DiesAt("after provider.provision"))
        assert len(simulation.world.alive()) == 1
        breaker = Breaker(simulation.provider, "freeze")
        payer = await simulation.schedule()
        async with crew(simulation):
            await simulation.ended(payer)
            (ended,) = await simulation.ended(job)
        assert breaker.is_wrong
        assert state_of(ended) is State.FINISHED
        assert violations(simulation, [ended]) == []
        assert len(simulation.world.machines) == 1

    run(story())


def test_a_failure_of_unknown_effect_halts_and_leaves_nothing_on() -> None:
    """Where a request may have made a machine all the same, it is looked for; one job pays."""

    async def story() -> None:
        simulation = await a_world()
        breaker = Breaker(simulation.provider, "provision", effect="unknown")
        jobs = [await simulation.schedule() for _ in range(3)]
        async with crew(simulation, workers=2):
            await simulation.clock.sleep(30)
            found = [await simulation.job(job) for job in jobs]
            assert [reason_of(job) for job in found].count("configuration") == 1
            breaker.is_wrong = False
            await simulation.store().resume("fake", Caps())
            ended = await simulation.ended(*jobs)
        assert Counter(map(reason_of, ended)) == {"configuration": 1, "finished": 2}
        assert violations(simulation, ended) == []

    run(story())


def test_a_runner_that_breaks_fails_one_job_after_the_other() -> None:
    """From anything but a provider the word means the same as ``fail``: nobody is halted."""

    async def story() -> None:
        simulation = await a_world()

        async def prepare(*_: object) -> object:
            raise RunnerFailed("configuration", "no such registry", then="breaker")

        simulation.runner.prepare = prepare  # type: ignore[method-assign, assignment]  # it breaks
        jobs = [await simulation.schedule() for _ in range(2)]
        async with crew(simulation):
            ended = await simulation.ended(*jobs)
            assert await simulation.store().halted() == {}
        assert [reason_of(job) for job in ended] == ["configuration"] * 2

    run(story())


def test_a_provider_that_fails_one_job_is_not_halted() -> None:
    """``fail`` is about the job alone."""

    async def story() -> None:
        simulation = await a_world()
        calls = 0
        freeze = simulation.provider.freeze

        async def fails_first(*args: Any) -> str:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise OperationFailed("configuration", "no machine is that large", then="fail")
            return await freeze(*args)

        simulation.provider.freeze = fails_first  # type: ignore[method-assign, assignment]  # it fails
        jobs = [await simulation.schedule() for _ in range(2)]
        async with crew(simulation):
            ended = await simulation.ended(*jobs)
        assert sorted(map(reason_of, ended)) == ["configuration", "finished"]

    run(story())


class NeedsACertificate(FakeRunner):
    """No fresh machine can be made ready without what is missing here."""

    is_missing = True

    def boot_script(self, order: MachineOrder) -> str:
        """Say so, of fresh machines."""
        if order.is_fresh and self.is_missing:
            raise RunnerFailed("configuration", "there is no ca-cert.pem", then="breaker")
        return super().boot_script(order)


def test_what_every_machine_needs_is_missing_and_none_is_launched() -> None:
    """The runner says so before anything is sent: one job pays, and the others wait."""

    async def story() -> None:
        simulation = await Simulation.begin()
        runner = NeedsACertificate(simulation.world)
        simulation.cast = Cast(provider=simulation.provider, runner=runner)
        jobs = [await simulation.schedule() for _ in range(3)]
        async with simulation.worker():
            await simulation.clock.sleep(120)
            seen = [await simulation.job(job) for job in jobs]
            assert sorted(reason_of(one) or "" for one in seen) == ["", "", "configuration"]
            assert simulation.world.machines == {}
            halted = await simulation.store().halted()
            assert [one.message for one in halted.values()] == ["there is no ca-cert.pem"]

    run(story())
