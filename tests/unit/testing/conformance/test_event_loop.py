"""A fresh event loop in a thread of its own, and an eye on it from outside."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest

from jobsched.testing.conformance.breach import Broken
from jobsched.testing.conformance.event_loop import Blocked, run, soon


def test_gives_the_result_of_a_loop_of_its_own() -> None:
    """The work runs in another thread than the test, and its result is the call's."""

    async def work() -> tuple[bool, int]:
        await asyncio.sleep(0)
        return threading.current_thread() is threading.main_thread(), 7

    assert run(work) == (False, 7)


def test_raises_what_the_work_raises() -> None:
    """An error of the work is the call's, with its own class."""

    async def work() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        run(work)


def test_a_skip_in_the_work_skips_the_test() -> None:
    """What pytest raises to skip gets out of the loop."""

    async def work() -> None:
        pytest.skip("needs two machines")

    with pytest.raises(pytest.skip.Exception, match="needs two machines"):
        run(work)


def test_tells_how_long_and_where_the_loop_was_blocked() -> None:
    """A call that sleeps on the loop is told with its place in the file."""
    blocked = Blocked()

    async def work() -> None:
        time.sleep(2)

    run(work, blocked=blocked)

    assert blocked.seconds >= 0.5
    assert "test_event_loop.py" in blocked.where
    assert "in work" in blocked.where


def test_a_loop_that_only_waits_is_not_blocked() -> None:
    """Waiting is what an event loop is for."""
    blocked = Blocked()

    run(lambda: asyncio.sleep(0.7), blocked=blocked)

    assert blocked == Blocked()


def test_work_that_never_ends_is_ended() -> None:
    """What waits for ever is cancelled after its time, and told."""
    ended = threading.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(Broken, match="did not end in time"):
        run(work, within=timedelta(milliseconds=100))
    assert ended.is_set()


def test_a_call_that_blocks_for_ever_is_left_alone() -> None:
    """A loop that does not come back keeps its thread, and the test ends with where it stands."""
    let_go = threading.Event()

    async def work() -> None:
        let_go.wait()

    try:
        with pytest.raises(Broken, match=r"loop stood still for .* at .*in wait.*in work"):
            run(work, within=timedelta(seconds=3))
    finally:
        let_go.set()


def test_a_loop_that_has_just_ended_is_asked_nothing() -> None:
    """Its thread may close it between any look and the call."""
    loop = asyncio.new_event_loop()
    called: list[int] = []
    soon(loop, lambda: called.append(1))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    soon(loop, lambda: called.append(2))
    assert called == [1]
