"""Who waits in line is noted, from the first time that a cap refused until the launch."""

from datetime import UTC, datetime, timedelta

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job, JobId, Spec
from jobsched.testing.clock import FakeClock
from jobsched.testing.simulator.scenario.line import Span
from jobsched.testing.simulator.scenario.waiting import Book, Wait, WatchedStore

ZERO = datetime(2026, 1, 1, tzinfo=UTC)
ID = JobId("j" * 32)
FULL, SLOW = Caps(alive=0), Caps(per_second=0.01)


def _at(second: float) -> datetime:
    return ZERO + timedelta(seconds=second)


class _Line:
    """A store with one job in it, at a moment of its own."""

    def __init__(self) -> None:
        self.clock, self.book = FakeClock(ZERO), Book()
        self.store = WatchedStore(self.clock.now, deployment="here", book=self.book)
        spec = Spec(schedule=ZERO, docker_image="x", provider="p", runner="r", planner="q")
        self.job = Job(id=ID, spec=spec, accepted_at=ZERO)

    async def begin(self) -> None:
        await self.store.stamp("here")
        await self.store.accept(self.job, look_again_at=ZERO)
        # the pace is used up
        self.store.world.pace["p"] = _at(1000)

    async def refused(self, second: float, caps: Caps) -> None:
        self.clock.set(_at(second))
        assert await self.store.waits_in_line(self.job, caps=caps)

    def leaves(self, second: float) -> list[Wait]:
        self.clock.set(_at(second))
        self.store._leave_lines(ID, "p")
        return self.book.waits


async def test_a_wait_is_one_however_often_it_is_refused() -> None:
    """Who is refused again, and goes back into the same line, has waited all the time."""
    line = _Line()
    await line.begin()
    await line.refused(1, FULL)
    await line.refused(5, FULL)
    assert line.leaves(9) == [Wait(ID, Span(_at(1), _at(9)), paced=False)]
    assert len(line.leaves(12)) == 1


async def test_each_line_has_its_own_wait() -> None:
    """Who waits for the pace and then for room has waited twice, one after the other."""
    line = _Line()
    await line.begin()
    await line.refused(1, SLOW)
    await line.refused(5, FULL)
    assert line.leaves(9) == [
        Wait(ID, Span(_at(1), _at(5)), paced=True),
        Wait(ID, Span(_at(5), _at(9)), paced=False),
    ]


async def test_a_moment_is_no_wait() -> None:
    """Who leaves in the moment in which it came has not waited."""
    line = _Line()
    await line.begin()
    await line.refused(1, FULL)
    assert line.leaves(1) == []
