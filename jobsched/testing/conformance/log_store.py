"""The contract of log stores as tests."""

from __future__ import annotations

import re

import pytest

from jobsched.contracts.log_store import LogStore
from jobsched.errors import LogStoreFailed
from jobsched.testing.conformance.answer import answer
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.fixture import optional
from jobsched.testing.conformance.log_store_extent import LogStoreExtent
from jobsched.testing.conformance.log_store_interruption import LogStoreInterruption
from jobsched.testing.conformance.log_store_keeping import LogStoreKeeping
from jobsched.testing.conformance.log_store_reading import LogStoreReading
from jobsched.testing.conformance.logs import WITHIN, Given, Logs
from jobsched.testing.conformance.promise import promised

WORD = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


class LogStoreConformance(LogStoreKeeping, LogStoreReading, LogStoreExtent, LogStoreInterruption):
    """Subclass it as ``Test…``, give the fixture ``log_store``, and run pytest.

    Whatever a test writes belongs to jobs that it makes up, and is deleted after it.

    Fixtures:
        log_store: what is tested: the store, or, where its client belongs to an event loop, a
            function that opens it: an async context manager that gives the store.
        another: optional: the same store as another process sees it, in the same form. Default:
            ``log_store`` itself.
        unreachable: optional: a store that cannot keep anything, in the same form.
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

    @promised(
        by=LogStore.write,
        that="LogStoreFailed: it could not be kept; the core goes on without",
        do="Catch what your client raises, and raise LogStoreFailed from it.",
    )
    async def test_what_cannot_be_kept_is_an_expected_failure(
        self, logs: Logs, unreachable_logs: Logs | None
    ) -> None:
        """Tried where the fixture ``unreachable`` gives a store that is down."""
        if unreachable_logs is None:
            pytest.skip("no fixture unreachable: a store that cannot keep anything")
        store = await unreachable_logs.store()
        try:
            await answer(store.write(logs.job(), 1, 0, b"lost"), within=WITHIN)
        except LogStoreFailed:
            return
        expect(condition=False, seen="write() said nothing")

    @pytest.fixture
    def unreachable_logs(self, request: pytest.FixtureRequest) -> Logs | None:
        """A store that is down, if the author gives one."""
        given: Given | None = optional(request, "unreachable", None)
        return Logs(given=given, another=given) if given is not None else None


__all__ = ["LogStoreConformance"]
