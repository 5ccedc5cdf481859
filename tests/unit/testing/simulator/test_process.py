"""Lives of processes: they die, stand still, and hear nothing of the store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from jobsched.errors import StoreUnavailable
from jobsched.testing.simulator.crash import Crashes
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.process import Died, HardLife, ShortLife, Surroundings
from jobsched.testing.simulator.weather import Weather
from jobsched.testing.virtual_time import VirtualClock, run


class Told(Weather):
    """A weather that does as it is told, once.

    Args:
        plan: group → the fault that befalls the next one who asks.
    """

    def __init__(self, plan: Mapping[str, str], *, side: str = "before") -> None:
        self._plan, self._side = dict(plan), side
        super().__init__(1, lambda: 0.0, heat=0.0, often={})

    def befalls(self, group: str) -> str | None:
        """Say what was planned."""
        return self._plan.pop(group, None)

    def one_of(self, choices):  # type: ignore[no-untyped-def]  # of anything
        """Choose the side that was told."""
        return self._side if self._side in choices else choices[0]


def around(weather: Weather | None = None, *places: tuple[str, str]) -> Surroundings:
    """Make what processes are in."""
    clock = VirtualClock()
    return Surroundings(
        weather=weather or Told({}),
        history=History(clock.monotonic),
        crashes=Crashes(places),
        clock=clock,
    )


async def yes() -> str:
    """Answer."""
    return "yes"


async def hangs(life: HardLife, name: str) -> bool:
    """Whether a call of a worker never returns."""
    calling = asyncio.ensure_future(life((name,), yes))
    done, _ = await asyncio.wait({calling}, timeout=5000)
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    return not done


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_worker_dies_where_it_is_aimed_at(side: str) -> None:
    """Its calls never return, and the next worker passes."""

    async def story() -> None:
        world = around(None, ("runner.start", side))
        life = HardLife("worker 1", world)
        assert await life(("store.claim",), yes) == "yes"
        assert await hangs(life, "runner.start")
        assert life.dead.is_set()
        assert world.crashes.met == {("runner.start", side): 1}
        assert await HardLife("worker 2", world)(("runner.start",), yes) == "yes"

    run(story())


def test_a_process_that_is_no_worker_ends_with_an_exception() -> None:
    """Whatever it asks afterwards."""

    async def story() -> None:
        life = ShortLife("API", around(None, ("store.accept", "after")))
        with pytest.raises(Died):
            await life(("store.accept",), yes)
        with pytest.raises(Died):
            await life(("store.read",), yes)

    run(story())


def test_a_worker_stands_still_beside_an_effect() -> None:
    """All of it: its other calls and its timers wait as long; the monotonic clock goes on."""

    async def story() -> None:
        world = around(Told({"effects": "worker stands still beside an effect"}))
        life = HardLife("worker 1", world)
        effect = asyncio.ensure_future(life(("runner.start",), yes))
        await asyncio.sleep(0)
        is_still = [life.is_still]
        await life(("store.claim",), yes)
        assert 30.0 <= life.clock.monotonic() <= 400.0
        is_still.append(life.is_still)
        assert is_still == [True, False]
        assert await effect == "yes"

    run(story())


def test_its_timers_wait_as_long() -> None:
    """So that its watchdog sees that its time was not kept."""

    async def story() -> None:
        world = around(Told({"calls": "event loop blocked"}, side="after"))
        life = HardLife("worker 1", world)
        calling = asyncio.ensure_future(life(("store.claim",), yes))
        await life.clock.sleep(2)
        assert 5.0 <= life.clock.monotonic() <= 25.0
        await calling

    run(story())


@pytest.mark.parametrize("fault", ["store's question lost", "store's answer lost"])
def test_the_store_does_not_answer(fault: str) -> None:
    """What was asked is done, or not."""

    async def story() -> None:
        done: list[str] = []

        async def asked() -> None:
            done.append("it")

        with pytest.raises(StoreUnavailable):
            await HardLife("worker 1", around(Told({"calls": fault})))(("store.claim",), asked)
        assert len(done) == (fault == "store's answer lost")

    run(story())


def test_a_store_that_is_away_answers_nobody() -> None:
    """Neither workers nor the API; machines answer all the same."""

    async def story() -> None:
        world = around()
        world.store_is_away = True
        for life in (HardLife("worker 1", world), ShortLife("API", world)):
            with pytest.raises(StoreUnavailable):
                await life(("save.Gone",), yes)
        assert await HardLife("worker 1", world)(("runner.start",), yes) == "yes"

    run(story())


def test_a_clock_may_be_wrong_and_never_the_monotonic_one() -> None:
    """By seconds: what the store gives is older by as much as its answer took."""

    async def story() -> None:
        right = VirtualClock()
        for fault, sign in (("clock ahead", 1), ("clock behind", -1)):
            clock = HardLife("worker 1", around(Told({"workers": fault}))).clock
            error = (clock.now() - right.now()).total_seconds()
            assert 0.5 <= sign * error <= 5.0
            assert clock.monotonic() == right.monotonic()

    run(story())
