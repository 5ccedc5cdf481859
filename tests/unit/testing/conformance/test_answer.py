"""Waiting for a plugin's answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from jobsched.testing.conformance import answer as kit
from jobsched.testing.conformance.breach import Broken

SOON = timedelta(milliseconds=50)
NEVER = timedelta(seconds=30)


async def find(token: str) -> str:
    """A call that answers."""
    await asyncio.sleep(0)
    return token.upper()


async def hang() -> str:
    """A call that does not."""
    await asyncio.Event().wait()
    return "too late"


async def test_gives_the_answer() -> None:
    """The answer of the call is given as it is."""
    assert await kit.answer(find("a")) == "A"


async def test_a_call_that_never_returns_is_told_and_cancelled() -> None:
    """After its time the call is named, and nothing of it goes on."""
    with pytest.raises(Broken, match=r"hang gave no answer within 0.05 s"):
        await kit.answer(hang(), within=SOON)
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_an_error_of_the_call_is_raised_as_it_is() -> None:
    """What the plugin raised is for the test to judge."""

    async def refuse() -> None:
        raise KeyError("token")

    with pytest.raises(KeyError, match="token"):
        await kit.answer(refuse())


async def test_a_cancelled_call_gives_nothing() -> None:
    """A call that was cancelled in its middle has no answer; one that was faster has."""
    assert await kit.cancelled(hang(), after=timedelta(0)) is None
    assert await kit.cancelled(find("a"), after=NEVER) == "A"


async def test_a_call_that_swallows_its_cancellation_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A call that goes on after it was cancelled is named."""
    monkeypatch.setattr(kit, "ENDS_WITHIN", SOON)
    over = asyncio.Event()

    async def stubborn() -> None:
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue

    with pytest.raises(Broken, match="stubborn was cancelled and still goes on"):
        await kit.cancelled(stubborn(), after=timedelta(0))
    over.set()


async def test_a_stream_is_read_to_its_end() -> None:
    """All items come, and a stream that does not end is told."""

    async def numbers(*, end: bool) -> AsyncIterator[int]:
        yield 1
        yield 2
        if not end:
            await asyncio.Event().wait()

    assert await kit.items(numbers(end=True)) == [1, 2]
    with pytest.raises(Broken, match="no answer within"):
        await kit.items(numbers(end=False), within=SOON)
