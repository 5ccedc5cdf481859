"""The default log store keeps the contract, in memory."""

from typing import Any

import pytest

from jobsched.builtin import RedisLogs
from jobsched.store.logs import MemoryLogs
from jobsched.testing import LogStoreConformance
from tests.unit.testing.conformance.lost import Lost


class TestMemory(LogStoreConformance):
    """Logs beside the records of a store in memory, seen by two processes."""

    @pytest.fixture
    def kept(self) -> dict[Any, Any]:
        """What lies in the store."""
        return {}

    @pytest.fixture
    def log_store(self, kept: dict[Any, Any]) -> RedisLogs:
        """The store of one process."""
        return RedisLogs(MemoryLogs(kept))

    @pytest.fixture
    def another(self, kept: dict[Any, Any]) -> RedisLogs:
        """That of another one."""
        return RedisLogs(MemoryLogs(kept))

    @pytest.fixture
    def unreachable(self) -> RedisLogs:
        """One whose store is down."""
        return RedisLogs(MemoryLogs(Lost()))
