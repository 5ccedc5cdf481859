"""The API on a store in a dictionary."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from jobsched.engine.parts import Parts
from jobsched.web.app import create_app
from tests.unit.web import kit

Client = TestClient[web.Request, web.Application]
MakeClient = Callable[[web.Application], Coroutine[Any, Any, Client]]


@pytest.fixture
def store() -> kit.FakeStore:
    """An empty store."""
    return kit.FakeStore()


@pytest.fixture
def parts(store: kit.FakeStore) -> Parts:
    """What the verbs work with."""
    return kit.make_parts(store)


@pytest.fixture
async def api(parts: Parts, aiohttp_client: MakeClient) -> Client:
    """A client of an API without a token."""
    app = create_app(
        parts, token=None, host="127.0.0.1", port=8080, body_time=timedelta(seconds=0.3)
    )
    return await aiohttp_client(app)


@pytest.fixture
async def guarded(parts: Parts, aiohttp_client: MakeClient) -> Client:
    """A client of an API with a token."""
    return await aiohttp_client(create_app(parts, token=kit.TOKEN, host=kit.EVERYWHERE, port=8080))
