"""A log store that is down: nothing is kept, read or forgotten, and each of them is told."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from jobsched.contracts.log_store import LogStore
from jobsched.errors import LogStoreFailed
from jobsched.testing.conformance.answer import answer
from jobsched.testing.conformance.breach import Broken
from jobsched.testing.conformance.fixture import optional
from jobsched.testing.conformance.logs import WITHIN, Given, Logs
from jobsched.testing.conformance.promise import promised

RAISE = "Catch what your client raises, and raise LogStoreFailed from it."


class LogStoreSilence:
    """Every method; skipped without the fixture ``unreachable``, a store that is down."""

    @promised(
        by=LogStore.write,
        that="LogStoreFailed: it could not be kept; the core goes on without",
        do=RAISE,
    )
    async def test_what_cannot_be_kept_is_an_expected_failure(
        self, logs: Logs, unreachable_logs: Logs
    ) -> None:
        """The job ends all the same."""
        store = await unreachable_logs.store()
        await _fails("write", store.write(logs.job(), 1, 0, b"lost"))

    @promised(by=LogStore.read, that="LogStoreFailed: it cannot be read now", do=RAISE)
    async def test_what_cannot_be_read_is_an_expected_failure(
        self, logs: Logs, unreachable_logs: Logs
    ) -> None:
        """An empty list would say that there is nothing."""
        store = await unreachable_logs.store()
        await _fails("read", store.read(logs.job(), 1))

    @promised(by=LogStore.delete, that="LogStoreFailed: it is logged", do=RAISE)
    async def test_what_cannot_be_deleted_is_an_expected_failure(
        self, logs: Logs, unreachable_logs: Logs
    ) -> None:
        """What is kept too long is told to the operator."""
        store = await unreachable_logs.store()
        await _fails("delete", store.delete(logs.job()))

    @pytest.fixture
    def unreachable_logs(self, request: pytest.FixtureRequest) -> Logs:
        """A store that is down, if the author gives one."""
        given: Given | None = optional(request, "unreachable", None)
        if given is None:
            pytest.skip("no fixture unreachable: a store that is down")
        return Logs(given=given, another=given)


async def _fails(name: str, call: Awaitable[object]) -> None:
    try:
        given = await answer(call, within=WITHIN)
    except LogStoreFailed:
        return
    raise Broken(f"of a store that is down, {name}() gave {given!r}")


__all__ = ["LogStoreSilence"]
