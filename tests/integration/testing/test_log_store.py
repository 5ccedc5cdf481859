"""The default log store keeps the contract, in a real Redis."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from jobsched.builtin import RedisLogs
from jobsched.store.redis import RedisStore
from jobsched.testing import LogStoreConformance
from tests.services import RedisServer

Opened = Callable[[], AbstractAsyncContextManager[RedisLogs]]


def opening(url: str, down: RedisServer | None = None) -> Opened:
    """Give a function that opens the store on the loop on which it is called."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[RedisLogs]:
        store = await RedisStore.open(url, "conformance")
        try:
            await store.stamp("fingerprint")
            if down:
                down.kill()
            yield RedisLogs(store.logs())
        finally:
            await store.close()

    return opened


class TestRedis(LogStoreConformance):
    """Logs in Redis, over two connections."""

    @pytest.fixture
    def log_store(self, redis_url: str) -> Opened:
        """The store of one process."""
        return opening(redis_url)

    @pytest.fixture
    def another(self, redis_url: str) -> Opened:
        """That of another one."""
        return opening(redis_url)

    @pytest.fixture
    def unreachable(self, redis_server: RedisServer) -> Opened:
        """A store whose server has gone."""
        return opening(redis_server.url, redis_server)
