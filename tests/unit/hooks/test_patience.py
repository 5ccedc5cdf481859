"""A plugin's code is given its time, and no more, whatever it does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from jobsched.hooks import patience
from jobsched.hooks.patience import Broke, NoAnswer, contained, patiently
from jobsched.testing.virtual_time import VirtualClock, run

TEN = timedelta(seconds=10)


def test_an_answer_is_given_as_it_came() -> None:
    """What is in time is the answer."""

    async def answer() -> str:
        await asyncio.sleep(9)
        return "here"

    assert run(patiently("acme.find", answer, TEN)) == "here"


def test_who_ends_late_is_still_heard() -> None:
    """What comes while it is being cancelled is news too: a machine may have an id by then."""

    async def late() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(1)
        return "i-1"

    assert run(patiently("acme.provision", late, TEN)) == "i-1"


@pytest.mark.parametrize(("deaf", "seconds"), [(False, 10), (True, 15)])
def test_the_time_is_over_whether_it_listens_or_not(*, deaf: bool, seconds: float) -> None:
    """One that takes no notice is left to itself, which is said; nobody waits for it."""
    went_on = []

    async def hang() -> None:
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                went_on.append(VirtualClock().monotonic())
                if not deaf or len(went_on) > 1:
                    raise

    async def story() -> float:
        with pytest.raises(NoAnswer):
            await patiently("acme.find", hang, TEN)
        return VirtualClock().monotonic()

    with capture_logs() as logged:
        assert run(story()) == seconds
    assert [one["call"] for one in logged] == ["acme.find"] * deaf
    assert patience._left == set()


@pytest.mark.parametrize("deaf", [False, True])
def test_a_cancel_of_the_caller_reaches_it(*, deaf: bool) -> None:
    """News that makes a command needless ends it; a deaf one keeps nobody."""
    cancelled = []

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(VirtualClock().monotonic())
            if not deaf:
                raise
            await asyncio.Event().wait()

    async def story() -> float:
        caller = asyncio.ensure_future(patiently("acme.find", hang, TEN))
        await asyncio.sleep(2)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        return VirtualClock().monotonic()

    assert run(story()) == (7 if deaf else 2)
    assert cancelled[0] == 2


def _raising(error: BaseException) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        raise error

    return work


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(1)])
def test_a_cancel_or_exit_of_its_own_is_its_own(error: BaseException) -> None:
    """Neither the caller nor the process ends by it."""
    with pytest.raises(Broke, match=type(error).__name__):
        run(patiently("acme.find", _raising(error), TEN))

    def at_once() -> None:
        raise error

    with pytest.raises(Broke, match=type(error).__name__):
        contained(at_once)


def test_a_time_out_of_its_own_is_no_time_out_of_ours() -> None:
    """What it raises comes through as it is."""
    with pytest.raises(TimeoutError):
        run(patiently("acme.find", _raising(TimeoutError()), TEN))
