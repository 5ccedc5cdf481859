"""The contract of checks as tests."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from jobsched.contracts.check import Check, Finding
from jobsched.errors import JobschedError
from jobsched.hooks.checks import NAME, wrong_in
from jobsched.testing.conformance.answer import answer, cancelled
from jobsched.testing.conformance.breach import Broken, expect
from jobsched.testing.conformance.promise import promised


class CheckConformance:
    """Subclass it as ``Test…``, give the fixture ``check``, and run pytest.

    Fixtures:
        check: what is tested. Give it something to look at that is well, in one class, and
            something that is not, in another.
    """

    @pytest.fixture
    def looking(self, check: Check) -> Looking:
        """The check."""
        return Looking(check)

    @promised(
        by=Check,
        that="in words of small letters, digits and _ with dots between",
        do='Give the class an attribute such as name = "acme.quota".',
    )
    async def test_the_name_can_be_asked_for(self, looking: Looking) -> None:
        """`jobsched doctor --only NAME` looks at it alone."""
        name: object = getattr(looking.check, "name", None)
        expect(isinstance(name, str) and NAME.match(name), f"its name is {name!r}")

    @promised(
        by=Finding,
        that="one sentence of at most 1,000 characters",
        do="Return Finding(verdict, sentence) with one line that says what to do.",
    )
    async def test_it_gives_a_finding(self, looking: Looking) -> None:
        """Nothing else can be told."""
        with suppress(Unexpected):
            found = await looking.look()
            wrong = "" if found is None else wrong_in(found)
            expect(not wrong, f"it {wrong}")

    @promised(
        by=Check.look,
        that="OperationFailed: it could not be looked at now",
        do="Raise OperationFailed for what can be expected to go wrong.",
    )
    async def test_it_raises_what_is_expected(self, looking: Looking) -> None:
        """Anything else is a bug, and what it says is not shown."""
        await looking.look()

    @promised(
        by=Check.look,
        that="yes, at each run",
        do="Leave nothing behind in the check, or where it looks.",
    )
    async def test_it_can_be_run_again(self, looking: Looking) -> None:
        """Whoever has repaired something looks again."""
        try:
            await looking.look()
        except Unexpected:
            # told by the test above
            return
        await looking.look()

    @promised(
        by=Check.look,
        that="at the same time as the other checks",
        do="Call what blocks (an SDK, a file) in a thread: await services.spawn.pool(…).run(…).",
        may_block=False,
    )
    async def test_it_does_not_block(self, looking: Looking) -> None:
        """The others would wait for it."""
        with suppress(Unexpected):
            await looking.look()

    @promised(
        by=Check.look,
        that="then it is unknown",
        do="Let asyncio.CancelledError out.",
    )
    async def test_it_ends_when_it_is_cancelled(self, looking: Looking) -> None:
        """One that nobody waits for any more does not keep the command from its end."""
        try:
            await cancelled(looking.check.look(), after=timedelta(0))
        except Broken:
            raise
        except Exception:  # noqa: BLE001 - it was faster than its end; what it raised is told above
            return


class Unexpected(Broken):
    """It raised what no check may raise."""


class Looking:
    """The check under test."""

    def __init__(self, check: Check) -> None:
        self.check = check

    async def look(self) -> object:
        """Look; None: it could not, and said so as it may.

        Raises:
            Unexpected: it raised something else.
            Broken: it gave no answer in time.
        """
        try:
            return await answer(self.check.look())
        except JobschedError:
            return None
        except Broken:
            raise
        except Exception as error:
            raise Unexpected(f"it raised {type(error).__name__}: {error}") from error


__all__ = ["CheckConformance"]
