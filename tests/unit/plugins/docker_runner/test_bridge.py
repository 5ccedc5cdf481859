"""From a thread to an async iterator."""

import asyncio
import socket
import threading
from collections.abc import Callable

import pytest

from jobsched.plugins.docker_runner.bridge import DEPTH, bridge
from jobsched.plugins.docker_runner.leash import Leash, Let
from tests.unit.plugins.lent import LentServices, ThreadPool

Emit = Callable[[int], None]


@pytest.fixture
def pool(services: LentServices) -> ThreadPool:
    """One thread."""
    return services.spawn.pool("test", 1)


async def test_everything_comes_in_order_and_then_the_end(pool: ThreadPool) -> None:
    """What was emitted is yielded, also what came just before the thread ended."""

    def count(emit: Emit, leash: Leash) -> None:
        for number in range(100):
            emit(number)

    assert [item async for item in bridge(pool, count)] == list(range(100))


async def test_an_error_comes_after_what_was_emitted(pool: ThreadPool) -> None:
    """A reader gets all there is before it hears that there is no more."""

    def fail(emit: Emit, leash: Leash) -> None:
        emit(1)
        raise ValueError("enough")

    items = bridge(pool, fail)
    assert await anext(items) == 1
    with pytest.raises(ValueError, match="enough"):
        await anext(items)


async def test_a_slow_reader_holds_the_thread_up(pool: ThreadPool) -> None:
    """Only a few items wait in memory, however much the thread could read."""
    emitted = []

    def flood(emit: Emit, leash: Leash) -> None:
        for number in range(1000):
            emit(number)
            emitted.append(number)

    items = bridge(pool, flood)
    assert await anext(items) == 0
    await asyncio.sleep(0.1)
    assert len(emitted) <= DEPTH + 1
    await items.aclose()  # type: ignore[attr-defined]  # an async generator


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_a_thread_that_reads_ends_with_its_reader(pool: ThreadPool, how: str) -> None:
    """A blocking read is shut down at once, and the thread is free for the next."""
    ours, theirs = socket.socketpair()
    ended = threading.Event()

    def read(emit: Emit, leash: Leash) -> None:
        with leash.worn():
            Leash.wait(ours)
            emit(1)
            try:
                ours.recv(1)
                raise OSError("the connection broke")
            finally:
                ended.set()

    items = bridge(pool, read)
    assert await anext(items) == 1
    if how == "close":
        await items.aclose()  # type: ignore[attr-defined]  # an async generator
    else:
        task = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await pool.run(ended.wait, 1)
    ours.close()
    theirs.close()


async def test_a_reader_that_left_while_waiting_for_a_thread_starts_no_read(
    pool: ThreadPool,
) -> None:
    """A read that nobody wants any more is not begun when its turn comes."""
    free, begun = threading.Event(), []

    def read(emit: Emit, leash: Leash) -> None:
        begun.append(1)

    busy = asyncio.ensure_future(pool.run(free.wait, 5))
    items = bridge(pool, read)
    waiting = asyncio.ensure_future(anext(items))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.sleep(0.01)
    free.set()
    await busy
    await pool.run(int)
    assert begun == []


def test_a_wait_that_begins_too_late_does_not_begin() -> None:
    """Whoever left before the request was sent leaves no thread behind."""
    ours, theirs = socket.socketpair()
    leash = Leash()
    leash.pull()
    with ours, theirs, pytest.raises(Let), leash.worn():
        Leash.wait(ours)


def test_a_connection_that_is_free_again_is_left_alone() -> None:
    """Pulling a leash that nobody wears any more cuts nothing that others use by now."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        leash = Leash()
        with leash.worn():
            Leash.wait(ours)
        leash.pull()
        theirs.send(b"x")
        assert ours.recv(1) == b"x"
