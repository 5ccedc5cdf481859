"""What a log store gives back."""

from __future__ import annotations

from jobsched.contracts.log_store import LogPart, LogStore
from jobsched.testing.conformance.logs import Logs
from jobsched.testing.conformance.promise import promised


class LogStoreReading:
    """What is read."""

    @promised(by=LogStore.read, that="in order", do="Sort the pieces by their offsets, as numbers.")
    async def test_pieces_come_in_order(self, logs: Logs) -> None:
        """However they were written; ten is more than nine, also where offsets are text."""
        job, output = logs.job(), b"abcdefghijkl"
        for offset in (10, 3, 9, 0, 11, 5, 1, 8, 2, 7, 6, 4):
            await logs.write(job, offset, output[offset : offset + 1])
        await logs.expect(job, (0, output))

    @promised(
        by=LogStore.read,
        that="Give what is kept from byte after on",
        do="Cut the piece in which the byte lies, and give its new offset with it.",
    )
    async def test_reading_begins_at_a_byte(self, logs: Logs) -> None:
        """At the start, in the middle of a piece, between two, at the end and behind it."""
        job, output = logs.job(), b"abcdef"
        await logs.write(job, 0, output[:3])
        await logs.write(job, 3, output[3:])
        for after in range(len(output)):
            await logs.expect(job, (after, output[after:]), after=after)
        await logs.expect(job, after=len(output))
        await logs.expect(job, after=1000)

    @promised(
        by=LogPart,
        that="a gap before it was cut out for size",
        do="Give each part with its own offset; fill nothing in.",
    )
    async def test_a_gap_stays_a_gap(self, logs: Logs) -> None:
        """What was never written is not made up."""
        job = logs.job()
        await logs.write(job, 0, b"head")
        await logs.write(job, 20, b"tail")
        await logs.expect(job, (0, b"head"), (20, b"tail"))

    @promised(
        by=LogStore.read, that="empty for nothing", do="Give an empty list, and do not raise."
    )
    async def test_of_nothing_there_is_nothing(self, logs: Logs) -> None:
        """An unknown job, and an attempt of a known one that wrote nothing."""
        job = logs.job()
        await logs.expect(job)
        await logs.write(job, 0, b"one")
        await logs.expect(job, attempt=2)

    @promised(by=LogStore.read, that="May be repeated.", do="Let reading have no effect.")
    async def test_reading_may_be_repeated(self, logs: Logs) -> None:
        """It takes nothing away."""
        job = logs.job()
        await logs.write(job, 0, b"one")
        for _ in range(3):
            await logs.expect(job, (0, b"one"))


__all__ = ["LogStoreReading"]
