"""A hand on one job: what cuts its command off."""

from __future__ import annotations

import asyncio

import pytest

from jobsched.domain.due import Command, Verb
from jobsched.engine.hand import Hand
from jobsched.testing.virtual_time import run
from tests.unit.worker.crew import a_world, parts_of

#: what they do cannot be taken back
LET_END = {Verb.PROVISION, Verb.START}
#: a lease that outlasts the test, in seconds
LONG = 1e6


@pytest.mark.parametrize("verb", list(Verb))
def test_a_lost_lease_cuts_off_all_but_two_commands(verb: Verb) -> None:
    """Whatever can be repeated is cut off; a request for a machine and a start are let end."""

    async def story() -> None:
        simulation = await a_world()
        hand = Hand(parts_of(simulation), await simulation.schedule(), LONG)
        ends = asyncio.Event()

        async def work() -> object:
            await ends.wait()
            return "done"

        command = Command(verb=verb, launch=1)
        carried = asyncio.ensure_future(hand.carry_out(command, work()))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        hand.lose()
        await asyncio.sleep(1)
        assert hand.is_lost
        assert carried.done() is (verb not in LET_END)
        ends.set()
        found: object = await carried
        assert found == ("done" if verb in LET_END else None)

    run(story())


def test_the_end_of_the_worker_is_not_taken_for_news() -> None:
    """Cancelled in the moment in which news has cut its command off, a hand ends, too."""

    async def story() -> None:
        simulation = await a_world()
        hand = Hand(parts_of(simulation), await simulation.schedule(), LONG)

        async def work() -> object:
            return await asyncio.Event().wait()

        command = Command(verb=Verb.PREPARE, launch=1)
        carried = asyncio.ensure_future(hand.carry_out(command, work()))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        hand.lose()
        carried.cancel()
        with pytest.raises(asyncio.CancelledError):
            await carried

    run(story())


def test_it_may_act_as_long_as_its_lease_by_the_monotonic_clock() -> None:
    """Up to the end of the lease, and not in the moment in which it ends (Q4)."""

    async def story() -> None:
        simulation = await a_world()
        parts = parts_of(simulation)
        leased_until = parts.services.clock.monotonic() + 30
        hand = Hand(parts, await simulation.schedule(), leased_until)
        await simulation.clock.sleep(29.9)
        assert hand.may_act()
        await simulation.clock.sleep(0.1)
        assert not hand.may_act()

    run(story())


def test_who_lost_its_lease_may_not_act() -> None:
    """The store said that another worker has it, whatever our own clock says."""

    async def story() -> None:
        simulation = await a_world()
        hand = Hand(parts_of(simulation), await simulation.schedule(), LONG)
        hand.lose()
        assert not hand.may_act()

    run(story())
