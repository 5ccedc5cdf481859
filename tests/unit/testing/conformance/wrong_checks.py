"""Checks that break one rule each, as an author's test module would hold them to the kit."""

import asyncio
import time
from typing import Any, ClassVar, cast

import pytest

from jobsched.contracts.check import Check, Finding
from jobsched.errors import OperationFailed
from jobsched.testing import CheckConformance


class Right(Check):
    """It breaks no rule."""

    name: ClassVar[str] = "acme.quota"

    async def look(self) -> Finding:
        """All is well."""
        await asyncio.sleep(0)
        return Finding("pass", "3 of 4 machines are used")


class IsThrottled(Right):
    """It cannot look, and says so as it may."""

    async def look(self) -> Finding:
        """Fail."""
        raise OperationFailed("throttled", "acme is busy")


class HasNoName(Right):
    """Nobody can ask for it."""

    name = "Acme Quota"


class GivesText(Right):
    """It answers in its own way."""

    async def look(self) -> Finding:
        """Give a word."""
        return cast("Finding", "well")


class TellsStories(Right):
    """It says more than a line."""

    async def look(self) -> Finding:
        """Give two."""
        return Finding("warn", "the disk is full.\nMake room.")


class RaisesItsOwn(Right):
    """An error of its own gets out."""

    async def look(self) -> Finding:
        """Fail."""
        raise ConnectionError("no route")


class WorksOnce(Right):
    """It leaves something behind."""

    def __init__(self) -> None:
        self.calls = 0

    async def look(self) -> Finding:
        """Look, once."""
        self.calls += 1
        if self.calls > 1:
            raise FileExistsError("quota.lock")
        return await super().look()


class Waits(Right):
    """It calls what blocks in the event loop."""

    async def look(self) -> Finding:
        """Wait."""
        time.sleep(0.6)
        return await super().look()


class GoesOn(Right):
    """It takes no notice of being cancelled."""

    async def look(self) -> Finding:
        """Go on for a while."""
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            await asyncio.sleep(10)
        return await super().look()


class Held(CheckConformance):
    """One check for each test."""

    kind: ClassVar[type[Right]]

    @pytest.fixture
    def check(self) -> Right:
        """What is judged."""
        return self.kind()


KINDS: list[Any] = [Right, *Right.__subclasses__()]

for kind in KINDS:
    name = f"Test{kind.__name__}"
    globals()[name] = type(name, (Held,), {"kind": kind, "__doc__": kind.__doc__})
