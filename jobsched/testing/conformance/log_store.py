"""The contract of log stores as tests."""

from __future__ import annotations

import re

import pytest

from jobsched.contracts.log_store import LogStore
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.fixture import optional
from jobsched.testing.conformance.log_store_extent import LogStoreExtent
from jobsched.testing.conformance.log_store_interruption import LogStoreInterruption
from jobsched.testing.conformance.log_store_keeping import LogStoreKeeping
from jobsched.testing.conformance.log_store_reading import LogStoreReading
from jobsched.testing.conformance.log_store_silence import LogStoreSilence
from jobsched.testing.conformance.logs import Given, Logs
from jobsched.testing.conformance.promise import promised

WORD = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


class LogStoreConformance(
    LogStoreKeeping, LogStoreReading, LogStoreExtent, LogStoreInterruption, LogStoreSilence
):
    """Subclass it as ``Test…``, give the fixture ``log_store``, and run pytest.

    Whatever a test writes belongs to jobs that it makes up, and is deleted after it.

    Fixtures:
        log_store: what is tested: the store, or, where its client belongs to an event loop, a
            function that opens it: an async context manager that gives the store.
        another: optional: the same store as another process sees it, in the same form. Default:
            ``log_store`` itself.
        unreachable: optional: a store that is down, in the same form; without it, three tests are
            skipped.
    """

    @pytest.fixture
    def logs(self, request: pytest.FixtureRequest, log_store: Given) -> Logs:
        """The store, and the jobs of a test."""
        return Logs(given=log_store, another=optional(request, "another", log_store))

    @promised(
        by=LogStore,
        that="the name in the configuration",
        do="Use a word of small letters, digits and _, at most 63.",
    )
    async def test_the_name_is_a_word(self, logs: Logs) -> None:
        """The store has a name that can stand in a configuration."""
        name = getattr(await logs.store(), "name", None)
        expect(WORD.match(str(name)), f"name is {name!r}")


__all__ = ["LogStoreConformance"]
