"""Whatever becomes of a worker or an answer while a machine is asked for: there is one machine."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import InstanceStatus, Refusal
from jobsched.domain.job import Instance, Job, JobId, Offer
from jobsched.domain.state import State, state_of
from jobsched.engine.cancel import cancel
from jobsched.errors import ProviderFailed
from jobsched.errors import Then as ThenWhat
from jobsched.testing.fakes import refused
from jobsched.testing.simulator import Life, Simulation, violations
from jobsched.testing.virtual_time import run

pytestmark = pytest.mark.timeout(60)

Send = Callable[[str], Awaitable[InstanceStatus]]


class Until(Life):
    """A worker's life that ends when it comes to a point for the first time."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    async def point(self, name: str) -> None:
        """End at the point."""
        if name == self._name:
            self.dead.set()
        await super().point(name)


async def a_simulation() -> Simulation:
    """Begin a world in which a machine is in doubt for ten minutes, as on EC2."""
    simulation = await Simulation.begin()
    simulation.provider.settles_within = timedelta(minutes=10)
    # a sweep would find the machine before the launch is looked at again
    simulation.sweep_every, simulation.world.boot = 3600.0, 0.0
    return simulation


def sent_by(simulation: Simulation, send: Send | None = None) -> list[str]:
    """Give the requests that are sent from now on, each as it was."""
    provision: Send = simulation.provider.provision
    requests: list[str] = []

    async def noted(request: str) -> InstanceStatus:
        requests.append(request)
        return await (send or provision)(request)

    simulation.provider.provision = noted  # type: ignore[method-assign]
    return requests


def is_one_launch(simulation: Simulation, ended: Job) -> None:
    """See that one machine was had, by one launch, and that the job finished on it."""
    assert state_of(ended) is State.FINISHED
    assert violations(simulation, [ended]) == []
    assert ended.attempt
    assert [one.no for one in ended.attempt.launches] == [1]
    assert len(simulation.world.machines) == 1


async def survives(point: str) -> tuple[Simulation, Job, list[str]]:
    """Let the first worker die at a point and a second one take over; give what was sent."""
    simulation = await a_simulation()
    requests = sent_by(simulation)
    job = await simulation.schedule()
    await simulation.work(Until(point))
    async with simulation.worker():
        (ended,) = await simulation.ended(job)
    return simulation, ended, requests


def test_a_worker_dies_between_the_intent_and_the_call() -> None:
    """The next one sends the request that was saved, and there is no second launch (L1)."""

    async def story() -> None:
        simulation, ended, requests = await survives("before provider.provision")
        is_one_launch(simulation, ended)
        assert len(requests) == 1

    run(story())


def test_a_worker_dies_between_the_call_and_the_record() -> None:
    """The next one sends the same bytes again, and gets the machine that is there (L2)."""

    async def story() -> None:
        simulation, ended, requests = await survives("after provider.provision")
        is_one_launch(simulation, ended)
        assert len(requests) == 2
        assert len(set(requests)) == 1

    run(story())


async def two_offers(order: MachineOrder) -> list[Offer]:
    """Offer two zones."""
    del order
    return [Offer(label="zone a"), Offer(label="zone b")]


async def loses_answers(then: ThenWhat) -> None:
    """Run a job while the answers of the first two launch calls are lost, as the class says."""
    simulation = await a_simulation()
    provision = simulation.provider.provision

    async def lost(request: str) -> InstanceStatus:
        status = await provision(request)
        if len(requests) <= 2:
            raise ProviderFailed("no_answer", "the answer is lost", effect="unknown", then=then)
        return status

    simulation.provider.offers = two_offers  # type: ignore[method-assign]
    requests = sent_by(simulation, lost)
    job = await simulation.schedule()
    async with simulation.worker():
        (ended,) = await simulation.ended(job)
    is_one_launch(simulation, ended)
    assert len(set(requests)) == 1


def test_a_call_whose_answer_is_lost_is_made_again() -> None:
    """The same request, until there is an answer: one machine (L3)."""
    run(loses_answers("later"))


def test_no_other_offer_while_the_first_is_unknown() -> None:
    """Only a definite refusal leads to the next one, whatever the provider would like (L5)."""
    run(loses_answers("next"))


@pytest.mark.parametrize("after", [0.1, 2.0, 9.9])
def test_a_cancel_while_the_launch_is_under_way(after: float) -> None:
    """The job is not called cancelled before the machine is known, and given back (L15)."""

    async def story() -> None:
        simulation = await a_simulation()
        provision = simulation.provider.provision

        async def slow(request: str) -> InstanceStatus:
            status = await provision(request)
            await simulation.clock.sleep(10)
            return status

        requests = sent_by(simulation, slow)
        job = await simulation.schedule()
        async with simulation.worker():
            while not requests:
                await simulation.clock.sleep(0.05)
            await simulation.clock.sleep(after)
            answered = await cancel(simulation.parts(), job)
            assert state_of(answered) is State.FINISHING
            while not state_of(await simulation.job(job)).is_terminal:
                await simulation.clock.sleep(0.05)
            assert simulation.world.alive() == []
        (ended,) = await simulation.ended(job)
        assert state_of(ended) is State.CANCELLED
        assert (len(simulation.world.machines), simulation.world.starts) == (1, {})

    run(story())


async def cancelled_at(moment: float) -> tuple[Simulation, Job, Job]:
    """Cancel a job that is due after 10 s and runs for 20 s; give its answer, and its end."""
    simulation = await Simulation.begin()
    job = await simulation.schedule(after=10)

    async def ask() -> Job:
        await simulation.clock.sleep(moment)
        return await cancel(simulation.parts(), job)

    async with simulation.worker():
        answered = await ask()
        if state_of(answered).is_terminal:
            assert simulation.world.alive() == [], moment
        (ended,) = await simulation.ended(job)
        await simulation.clock.sleep(60)
    return simulation, answered, ended


def test_a_cancel_at_any_moment() -> None:
    """Each half second from the launch to the end: it is cancelled, and runs no more (A9)."""

    async def story(moment: float) -> None:
        simulation, answered, ended = await cancelled_at(moment)
        assert state_of(ended) is State.CANCELLED, moment
        assert violations(simulation, [ended]) == [], moment
        was = state_of(answered)
        if was is State.FINISHING or was.is_terminal:
            assert simulation.world.starts == {}, (moment, "cancelled and started")

    for step in range(60):
        run(story(step / 2 + 0.25))


def test_a_wake_that_comes_twice_is_one() -> None:
    """Three workers that are told everything twice take each step once (Q2)."""

    async def story() -> None:
        simulation = await Simulation.begin(wakes=lambda: 2)
        requests = sent_by(simulation)
        jobs: list[JobId] = []
        workers = [asyncio.ensure_future(simulation.work(Life())) for _ in range(3)]
        for _ in range(50):
            jobs.append(await simulation.schedule(after=0.01))
            await simulation.clock.sleep(0.3)
        ended = await simulation.ended(*jobs)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        assert violations(simulation, ended) == []
        assert len(requests) == len(set(requests)) == len(jobs)

    run(story())


def dead_on_arrival(simulation: Simulation, why: Refusal, most: int) -> None:
    """Let machines be ended at their launch, for a reason that is told when they are looked at."""
    describe = simulation.provider.describe_all
    dead: set[str] = set()

    async def described(known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        for machine in simulation.world.alive():
            if len(dead) < most and machine.token in known:
                dead.add(machine.token)
                simulation.world.end(machine)
        seen = await describe(known)
        told = {token: replace(one, refusal=why) for token, one in seen.items() if token in dead}
        return {**seen, **told}

    simulation.provider.describe_all = described  # type: ignore[method-assign]


def test_a_machine_that_is_ended_at_its_launch_uses_nothing_up() -> None:
    """More of them than an attempt may have: the same attempt goes on until one lives (L13)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.world.boot = 60.0
        dead_on_arrival(simulation, Refusal(reason="no_capacity"), most=8)
        job = await simulation.schedule(retry={"max_attempts": 1})
        async with simulation.worker():
            (ended,) = await simulation.ended(job)
        assert state_of(ended) is State.FINISHED
        assert ended.attempt
        assert (ended.attempt.no, ended.attempt.refusals) == (1, 8)
        assert violations(simulation, [ended]) == []

    run(story())


def test_what_would_end_every_machine_at_its_launch_halts_the_provider() -> None:
    """One job pays for a wrong setting that only a machine's end tells; all others wait (L13)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.world.boot = 60.0
        wrong = Refusal(reason="configuration", message="no such key", then="breaker")
        dead_on_arrival(simulation, wrong, most=1000)
        jobs = [await simulation.schedule() for _ in range(10)]
        async with simulation.worker():
            await simulation.clock.sleep(600)
        found = [await simulation.job(job) for job in jobs]
        ends = Counter(state_of(job) for job in found)
        assert ends == {State.FAILED: 1, State.PROVISIONING: 9}
        (halted,) = (await simulation.store().halted()).values()
        assert (halted.reason, halted.message) == ("configuration", "no such key")
        assert len(simulation.world.machines) == 10, "each was asked for one"

    run(story())


def test_a_refusal_leads_to_the_next_offer() -> None:
    """The first one has no capacity all the time: the second one is asked, and has it (L9)."""

    async def story() -> None:
        simulation = await a_simulation()
        provision = simulation.provider.provision

        async def freeze(order: MachineOrder, offer: Offer) -> str:
            return json.dumps({**json.loads(await written(order, offer)), "zone": offer.label})

        async def only_b(request: str) -> InstanceStatus:
            if json.loads(request)["zone"] == "zone a":
                raise refused()
            return await provision(request)

        written = simulation.provider.freeze
        simulation.provider.offers = two_offers  # type: ignore[method-assign]
        simulation.provider.freeze = freeze  # type: ignore[method-assign]
        requests = sent_by(simulation, only_b)
        job = await simulation.schedule(retry={"max_attempts": 1})
        async with simulation.worker():
            (ended,) = await simulation.ended(job, within=60)
        assert state_of(ended) is State.FINISHED
        assert [json.loads(one)["zone"] for one in requests] == ["zone a", "zone b"]
        assert ended.attempt
        assert (ended.attempt.no, [one.no for one in ended.attempt.launches]) == (1, [2])

    run(story())
