"""Lives of processes: they die, stand still, and hear nothing of the store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from structlog.contextvars import bound_contextvars

from jobsched.errors import LogStoreFailed, StoreUnavailable
from jobsched.testing.simulator.crash import Traps
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.process import (
    SHORTLY_STILL,
    STILL,
    Died,
    HardLife,
    ShortLife,
    Surroundings,
)
from jobsched.testing.simulator.weather import Weather
from jobsched.testing.virtual_time import VirtualClock, run
from jobsched.worker.dispatch import Pace

LEASE = Pace().lease.total_seconds()


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


def around(
    weather: Weather | None = None,
    *places: tuple[str, str],
    still: tuple[tuple[str, str], ...] = (),
) -> Surroundings:
    """Make what processes are in."""
    clock = VirtualClock()
    return Surroundings(
        weather=weather or Told({}),
        history=History(clock.monotonic),
        traps=Traps(places, still),
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
        assert world.traps.deaths == {("runner.start", side): 1}
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


@pytest.mark.parametrize(
    ("kind", "call", "told", "between"),
    [
        (HardLife, "runner.start", ("effects", "worker stands still beside an effect"), STILL),
        (ShortLife, "store.accept", ("others", "API or command stands still"), SHORTLY_STILL),
    ],
)
def test_a_process_stands_still(
    kind: type[HardLife | ShortLife],
    call: str,
    told: tuple[str, str],
    between: tuple[float, float],
) -> None:
    """All of it: its other calls and its timers wait as long; the monotonic clock goes on."""

    async def story() -> None:
        life = kind("one", around(Told(dict([told]))))
        calling = asyncio.ensure_future(life((call,), yes))
        await asyncio.sleep(0)
        is_still = [life.is_still]
        await life(("store.claim",), yes)
        assert between[0] <= life.clock.monotonic() <= between[1]
        is_still.append(life.is_still)
        assert is_still == [True, False]
        assert await calling == "yes"

    run(story())


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("kind", [HardLife, ShortLife])
def test_a_process_stands_still_where_it_is_aimed_at(
    kind: type[HardLife | ShortLife], side: str
) -> None:
    """For longer than a lease; then it goes on with what it was at, and the next one passes."""

    async def story() -> None:
        world = around(still=(("store.accept", side),))
        life = kind("one", world)
        done_at: list[float] = []

        async def accepts() -> str:
            done_at.append(world.clock.monotonic())
            return "yes"

        calling = asyncio.ensure_future(life(("store.accept",), accepts))
        await asyncio.sleep(LEASE)
        assert life.is_still
        assert (len(done_at), calling.done()) == (side == "after", False)
        assert await calling == "yes"
        assert LEASE < world.clock.monotonic() <= 60.0
        assert done_at == [world.clock.monotonic() if side == "before" else 0.0]
        assert world.traps.pauses == {("store.accept", side): 1}
        assert world.weather.faults == {"stands still at a chosen place": 1}
        again = world.clock.monotonic()
        assert await kind("two", world)(("store.accept",), yes) == "yes"
        assert world.clock.monotonic() == again

    run(story())


def test_pauses_by_chance_count_if_they_are_longer_than_a_lease() -> None:
    """A blocked event loop does not."""

    async def story() -> None:
        for group, fault, times in (
            ("effects", "worker stands still beside an effect", 1),
            ("calls", "event loop blocked", 0),
        ):
            world = around(Told({group: fault}))
            name = "runner.start" if group == "effects" else "store.claim"
            await HardLife("worker 1", world)((name,), yes)
            assert world.traps.pauses.total() == times

    run(story())


def test_a_time_out_does_not_take_back_what_was_about_to_be_done() -> None:
    """Its timer is over when it wakes; the call is made all the same, and nobody hears of it."""

    async def story() -> None:
        world = around(still=(("logs.write", "before"),))
        done: list[float] = []

        async def writes() -> None:
            done.append(world.clock.monotonic())
            raise LogStoreFailed("unavailable", "imagined")

        calling = asyncio.ensure_future(HardLife("worker 1", world)(("logs.write",), writes))
        await asyncio.sleep(20)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert (world.clock.monotonic(), done) == (20.0, [])
        await asyncio.sleep(60)
        assert LEASE < done[0] < 60.0

    run(story())


def test_who_is_put_away_does_nothing_any_more() -> None:
    """A worker that is over while it stands still."""

    async def story() -> None:
        world = around(still=(("runner.start", "before"),))
        done: list[str] = []

        async def starts() -> None:
            done.append("it")

        life = HardLife("worker 1", world)
        calling = asyncio.ensure_future(life(("runner.start",), starts))
        await asyncio.sleep(20)
        life.is_buried = True
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        await asyncio.sleep(60)
        assert done == []

    run(story())


def test_a_job_that_waits_for_a_cap_is_counted_once() -> None:
    """However often it asks; each job for itself."""

    async def story() -> None:
        world = around()
        life = HardLife("worker 1", world)
        for job in ("a", "a", "b"):
            with bound_contextvars(job=job):
                await life(("store.waits_in_line",), yes)
        assert world.weather.faults == {"cap reached": 2}

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
