"""Log stores that break one rule each, as an author's test module would hold them to the kit."""

import asyncio
import copy
import time
from contextlib import suppress
from itertools import pairwise
from typing import Any, ClassVar

import pytest

from jobsched.contracts.log_store import LogPart, LogStore
from jobsched.domain.job import JobId
from jobsched.errors import LogStoreFailed
from jobsched.store.logs import MemoryLogs, joined
from jobsched.testing import LogStoreConformance
from tests.unit.testing.conformance.lost import Lost

Kept = dict[JobId, dict[int, dict[int, bytes]]]


class Right(LogStore):
    """It breaks no rule."""

    name: ClassVar[str] = "right"

    def __init__(self, kept: Kept) -> None:
        self.kept = kept

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Keep it under its offset."""
        await asyncio.sleep(0)
        await MemoryLogs(self.kept).write(job, attempt, offset, chunk)

    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Give it."""
        await asyncio.sleep(0)
        return joined(list(self.pieces(job, attempt).items()), after)

    async def delete(self, job: JobId) -> None:
        """Forget it."""
        await asyncio.sleep(0)
        self.kept.pop(job, None)

    def pieces(self, job: JobId, attempt: int) -> dict[int, bytes]:
        """Give what lies in the store."""
        return self.kept.get(job, {}).get(attempt, {})


class Appends(Right):
    """A repeat is written behind what is there."""

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Write it behind the end if its place is taken."""
        pieces = self.pieces(job, attempt)
        taken = offset in pieces
        end = max((at + len(piece) for at, piece in pieces.items()), default=0)
        await super().write(job, attempt, end if taken else offset, chunk)


class GivesEachPiece(Right):
    """It gives the pieces as they were written, also those that overlap."""

    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Give each piece."""
        found = sorted(self.pieces(job, attempt).items())
        cut = [(max(at, after), piece[max(0, after - at) :]) for at, piece in found]
        return [LogPart(offset=at, data=piece) for at, piece in cut if piece]


class SortsAsText(Right):
    """Its offsets are text, of which 10 comes before 9."""

    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Sort wrongly."""
        found = await super().read(job, attempt, after)
        cuts = sorted({*self.pieces(job, attempt), *(part.offset for part in found)})
        parts = [
            LogPart(offset=at, data=part.data[at - part.offset : end - part.offset])
            for part in found
            for at, end in pairwise([*cuts, part.offset + len(part.data)])
            if part.offset <= at < end
        ]
        return sorted(parts, key=lambda part: str(part.offset))


class KeepsText(Right):
    """It takes every output for text."""

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Lose what is no text."""
        await super().write(job, attempt, offset, chunk.decode(errors="replace").encode())


class KeepsLittle(Right):
    """It keeps the first 10,000 bytes of a piece, and says nothing."""

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Cut it."""
        await super().write(job, attempt, offset, chunk[:10_000])


class FillsGaps(Right):
    """It makes up what it has not got."""

    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Give one part, with zeros in it."""
        found = await super().read(job, attempt, after)
        if not found:
            return []
        begin = found[0].offset
        whole = bytearray(found[-1].offset + len(found[-1].data) - begin)
        for part in found:
            whole[part.offset - begin : part.offset - begin + len(part.data)] = part.data
        return [LogPart(offset=begin, data=bytes(whole))]


class ReadsFromTheStart(Right):
    """It takes no notice of where to begin."""

    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Give all."""
        return await super().read(job, attempt)


class RaisesOnNothing(Right):
    """What is not there is an error to it."""

    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Give what is kept, or raise."""
        if job not in self.kept:
            raise LogStoreFailed("no_logs", "there is nothing")
        return await super().read(job, attempt, after)


class ForgetsAttempts(Right):
    """It keeps one output for a job."""

    def pieces(self, job: JobId, attempt: int) -> dict[int, bytes]:
        """Give those of the first attempt that wrote something."""
        attempts = self.kept.get(job, {})
        return next((attempts[no] for no in sorted(attempts)), {}) if attempt in attempts else {}


class DeletesEverything(Right):
    """It forgets all jobs with one."""

    async def delete(self, job: JobId) -> None:
        """Forget more than was asked."""
        self.kept.clear()


class DeletesOnce(Right):
    """It cannot delete what is not there."""

    async def delete(self, job: JobId) -> None:
        """Raise the second time."""
        if job not in self.kept:
            raise KeyError(job)
        del self.kept[job]


class KeepsToItself(Right):
    """It keeps everything in its own process."""

    def __init__(self, kept: Kept) -> None:
        super().__init__(copy.copy(kept))


class Blocks(Right):
    """Its client blocks."""

    async def delete(self, job: JobId) -> None:
        """Take a second of everybody's time."""
        if len(self.pieces(job, 1)) > 2:
            time.sleep(0.8)
        await super().delete(job)


class HoldsOn(Right):
    """It does not let itself be cancelled, and so a call never ends."""

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Go on whatever happens."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            await asyncio.sleep(30)
        await super().write(job, attempt, offset, chunk)


class BelievesTheFirst(Right):
    """A piece that is there is never written again, also one that was cut off."""

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Begin with one byte."""
        pieces = self.kept.setdefault(job, {}).setdefault(attempt, {})
        if offset not in pieces:
            pieces[offset] = chunk[:1]
            await asyncio.sleep(0)
            pieces[offset] = chunk


class LosesAtOnce(Right):
    """It reads, changes and writes back, and forgets what came between."""

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Write back what was there before."""
        before: dict[int, bytes] = dict(self.pieces(job, attempt))
        await asyncio.sleep(0.001)
        self.kept.setdefault(job, {})[attempt] = before
        await MemoryLogs(self.kept).write(job, attempt, offset, chunk)


class KeepsQuiet(Right):
    """What it cannot keep is lost without a word."""

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Keep it, or not."""
        with suppress(LogStoreFailed):
            await super().write(job, attempt, offset, chunk)


class ReadsNothing(Right):
    """What it cannot read is not there."""

    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Read it, or not."""
        with suppress(LogStoreFailed):
            return await super().read(job, attempt, after)
        return []


class DeletesQuietly(Right):
    """What it cannot forget it keeps without a word."""

    async def delete(self, job: JobId) -> None:
        """Forget it, or not."""
        with suppress(LogStoreFailed):
            await super().delete(job)


class Held(LogStoreConformance):
    """Two processes that share what is kept."""

    kind: ClassVar[type[Right]]

    @pytest.fixture
    def kept(self) -> dict[Any, Any]:
        """What lies in the store."""
        return {}

    @pytest.fixture
    def log_store(self, kept: dict[Any, Any]) -> LogStore:
        """The store of one process."""
        return self.kind(kept)

    @pytest.fixture
    def another(self, kept: dict[Any, Any]) -> LogStore:
        """That of another one."""
        return self.kind(kept)

    @pytest.fixture
    def unreachable(self) -> LogStore:
        """One that is down."""
        return self.kind(Lost())


KINDS: list[type[Right]] = [Right, *Right.__subclasses__()]

for kind in KINDS:
    name = f"Test{kind.__name__}"
    globals()[name] = type(name, (Held,), {"kind": kind, "__doc__": kind.__doc__})
