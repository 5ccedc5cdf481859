"""A look-up that many share."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.kept import FAILURE_KEPT, Kept
from jobsched.testing.clock import FakeClock


class LookUp:
    """Counts how often it is asked, and answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.go_on = asyncio.Event()
        self.fails = False
        self.go_on.set()

    async def __call__(self) -> int:
        """Give how often it was asked."""
        self.asked += 1
        number = self.asked
        await self.go_on.wait()
        if self.fails:
            raise OperationFailed("throttled", "too often", effect="unknown", then="later")
        return number


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands."""
    return FakeClock(datetime(2026, 11, 25, tzinfo=UTC))


async def test_an_answer_is_kept(clock: FakeClock) -> None:
    """It is asked once for all within its time, and then anew."""
    look_up = LookUp()
    kept = Kept(look_up, clock, timedelta(minutes=5))

    assert [await kept.get(), await kept.get()] == [1, 1]
    clock.advance(timedelta(minutes=5).total_seconds())
    assert await kept.get() == 2


async def test_what_was_wrong_is_forgotten(clock: FakeClock) -> None:
    """After an answer turned out to be wrong it is asked anew at once."""
    kept = Kept(LookUp(), clock, timedelta(minutes=5))

    await kept.get()
    kept.forget()
    assert await kept.get() == 2


async def test_many_at_once_ask_once(clock: FakeClock) -> None:
    """L10: 500 launches that begin together make one call."""
    look_up = LookUp()
    look_up.go_on.clear()
    kept = Kept(look_up, clock, timedelta(minutes=5))

    waiting = [asyncio.ensure_future(kept.get()) for _ in range(500)]
    await asyncio.sleep(0)
    look_up.go_on.set()
    assert await asyncio.gather(*waiting) == [1] * 500


async def test_a_failure_is_told_to_all_who_wait(clock: FakeClock) -> None:
    """L10: those who waited do not fail one after the other, each by a call of its own."""
    look_up = LookUp()
    look_up.go_on.clear()
    look_up.fails = True
    kept = Kept(look_up, clock, timedelta(minutes=5))

    waiting = [asyncio.ensure_future(kept.get()) for _ in range(100)]
    await asyncio.sleep(0)
    look_up.go_on.set()
    failures = await asyncio.gather(*waiting, return_exceptions=True)
    told = {
        (one.reason, one.message, one.effect, one.then)
        for one in failures
        if isinstance(one, OperationFailed)
    }
    assert (len(failures), told) == (100, {("throttled", "too often", "unknown", "later")})
    assert look_up.asked == 1

    look_up.fails = False
    clock.advance(FAILURE_KEPT.total_seconds())
    assert await kept.get() == 2


async def test_the_next_one_looks_when_the_first_is_cancelled(clock: FakeClock) -> None:
    """A job that is cancelled while it looks does not take the others with it."""
    look_up = LookUp()
    look_up.go_on.clear()
    kept = Kept(look_up, clock, timedelta(minutes=5))
    first, second = (asyncio.ensure_future(kept.get()) for _ in range(2))
    await asyncio.sleep(0)

    first.cancel()
    look_up.go_on.set()
    assert await second == 2
    assert first.cancelled()
