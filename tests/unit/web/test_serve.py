"""The API is served on an address, and ends without dropping what it has begun."""

import asyncio
from typing import Any

import aiohttp
import pytest

from jobsched.engine.parts import Parts
from jobsched.errors import ConfigError
from jobsched.web.serve import serve
from tests.unit.web import kit


async def test_a_free_port_is_found_and_told(parts: Parts) -> None:
    """Port 0 takes a free one; its number is given back and answers."""
    server = await serve(parts, host="127.0.0.1", port=0, token=None)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{server.url}/healthcheck") as answer,
    ):
        assert await answer.text() == "live"
    await server.close()

    assert server.port > 0
    with pytest.raises(OSError, match="onnect"):
        await asyncio.open_connection("127.0.0.1", server.port)


async def test_a_port_that_is_taken_is_named(parts: Parts) -> None:
    """The error names the address and what to do."""
    server = await serve(parts, host="127.0.0.1", port=0, token=None)
    try:
        with pytest.raises(ConfigError, match=f"127.0.0.1:{server.port} cannot be served"):
            await serve(parts, host="127.0.0.1", port=server.port, token=None)
    finally:
        await server.close()


async def test_other_machines_are_not_served_without_a_token(parts: Parts) -> None:
    """No socket is opened for a bind that needs a token."""
    with pytest.raises(ConfigError, match="JOBSCHED_API_TOKEN"):
        await serve(parts, host=kit.EVERYWHERE, port=0, token=None)


async def test_a_request_in_hand_is_finished_at_the_end(
    parts: Parts, store: kit.FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that is being accepted while the API is told to stop is accepted and answered."""
    begun = asyncio.Event()
    accept = store.accept

    async def slowly(*args: Any, **kwargs: Any) -> Any:
        begun.set()
        await asyncio.sleep(0.2)
        return await accept(*args, **kwargs)

    monkeypatch.setattr(store, "accept", slowly)
    server = await serve(parts, host="127.0.0.1", port=0, token=None)
    async with aiohttp.ClientSession() as session:
        request = asyncio.create_task(session.post(f"{server.url}/schedule", json=kit.BODY))
        await begun.wait()
        await server.close()
        answer = await request
        assert answer.status == 200
        answer.release()
    assert len(store.jobs) == 1
