"""Calls of one turn go out together; each has its own answer."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import pytest
from redis.asyncio.connection import ConnectionPool
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import NoScriptError, ResponseError

from jobsched.errors import StoreUnavailable
from jobsched.store import pipeline
from jobsched.store.pipeline import Pipeline
from jobsched.store.script import Script

SCRIPT = Script(text="return 1", sha="0" * 40)


class Fake:
    """A pool of one connection to a server that a function plays."""

    def __init__(self, server: Callable[[list[bytes]], list[Any]]) -> None:
        self.server = server
        self.sent: list[int] = []
        self.disconnected = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._answers: deque[Any] = deque()

    async def get_connection(self) -> "Fake":
        """Lend it."""
        return self

    async def release(self, connection: "Fake") -> None:
        """Take it back."""

    async def disconnect(self, *, nowait: bool) -> None:
        """Break it."""
        self.disconnected += 1

    async def send_packed_command(self, commands: list[bytes]) -> None:
        """Let the server answer."""
        self.sent.append(len(commands))
        self._answers = deque(self.server(commands))
        await self.gate.wait()

    async def read_response(self) -> Any:
        """Give its next answer."""
        answer = self._answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer


def made(server: Callable[[list[bytes]], list[Any]]) -> tuple[Fake, Pipeline]:
    """Make a pipeline to a fake server."""
    fake = Fake(server)
    return fake, Pipeline(cast("ConnectionPool", fake))


def echo(commands: list[bytes]) -> list[Any]:
    """Answer each command with its last argument."""
    return [command.split(b"\r\n")[-2] for command in commands]


async def test_calls_of_one_turn_are_one_pipeline() -> None:
    """Many calls at once are sent together; each caller gets its own answer."""
    fake, pipe = made(echo)
    answers = await asyncio.gather(*(pipe.call(SCRIPT, str(number)) for number in range(100)))
    assert answers == [str(number).encode() for number in range(100)]
    assert fake.sent == [100]


async def test_a_pipeline_has_a_bounded_size() -> None:
    """More calls than fit go out in several pipelines."""
    fake, pipe = made(echo)
    await asyncio.gather(*(pipe.call(SCRIPT, 1) for _ in range(2 * pipeline.MOST_CALLS + 5)))
    assert sorted(fake.sent) == [5, pipeline.MOST_CALLS, pipeline.MOST_CALLS]


async def test_an_error_of_one_call_is_its_own() -> None:
    """A refused call raises for its caller only; the connection goes on."""

    def server(commands: list[bytes]) -> list[Any]:
        return [b"good", ResponseError("ERR bad"), b"good"][: len(commands)]

    fake, pipe = made(server)
    answers = await asyncio.gather(*(pipe.call(SCRIPT) for _ in range(3)), return_exceptions=True)
    assert [answers[0], answers[2]] == [b"good", b"good"]
    assert isinstance(answers[1], StoreUnavailable)
    assert fake.disconnected == 0


async def test_a_lost_connection_fails_all_and_is_not_used_again() -> None:
    """When the connection breaks nobody gets somebody else's answer, nothing is sent again."""

    def server(commands: list[bytes]) -> list[Any]:
        return [b"good", NoConnection("gone"), b"never read"]

    fake, pipe = made(server)
    answers = await asyncio.gather(*(pipe.call(SCRIPT) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 3
    assert len({id(answer) for answer in answers}) == 3
    assert (fake.sent, fake.disconnected) == ([3], 1)


async def test_only_calls_that_were_not_run_are_sent_again() -> None:
    """A script that the server forgot is loaded, and only its calls are repeated."""
    forgotten = True

    def server(commands: list[bytes]) -> list[Any]:
        nonlocal forgotten
        if commands[0].startswith(b"*3\r\n$6\r\nSCRIPT"):
            forgotten = False
            return [b"sha"]
        lost = NoScriptError("NOSCRIPT") if forgotten else b"late"
        return [b"ran", lost][: len(commands)] if len(commands) > 1 else [b"late"]

    fake, pipe = made(server)
    answers = await asyncio.gather(pipe.call(SCRIPT), pipe.call(SCRIPT))
    assert list(answers) == [b"ran", b"late"]
    assert fake.sent == [2, 1, 1]


async def test_a_server_that_always_forgets_is_unavailable() -> None:
    """A server that never keeps a script does not hold the caller for ever."""

    def server(commands: list[bytes]) -> list[Any]:
        return [NoScriptError("NOSCRIPT") for _ in commands]

    _, pipe = made(server)
    with pytest.raises(StoreUnavailable, match="forgets"):
        await pipe.call(SCRIPT)


async def test_a_cancelled_caller_is_not_sent_if_it_was_not_yet() -> None:
    """A call cancelled before its turn is over is not carried out; the others are."""
    _, pipe = made(echo)
    tasks = [asyncio.ensure_future(pipe.call(SCRIPT, str(number))) for number in range(3)]
    loop = asyncio.get_running_loop()
    # After the calls have queued up and before they are sent.
    loop.call_soon(tasks[1].cancel)
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [answers[0], answers[2]] == [b"0", b"2"]
    assert isinstance(answers[1], asyncio.CancelledError)


async def test_calls_gather_while_pipelines_are_under_way() -> None:
    """While as many pipelines as allowed are under way, later calls become one."""
    fake, pipe = made(echo)
    fake.gate.clear()
    tasks = []
    for number in range(10):
        tasks.append(asyncio.ensure_future(pipe.call(SCRIPT, str(number))))
        await asyncio.sleep(0.001)
    assert fake.sent == [1] * pipeline.MOST_PIPELINES
    fake.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert fake.sent == [1] * pipeline.MOST_PIPELINES + [10 - pipeline.MOST_PIPELINES]
    await pipe.close()


async def test_closing_waits_for_what_is_under_way() -> None:
    """After close every call has its answer."""
    _, pipe = made(echo)
    task = asyncio.ensure_future(pipe.call(SCRIPT, "1"))
    await asyncio.sleep(0)
    await pipe.close()
    assert await task == b"1"
