"""What a log store keeps of what is written, once or often."""

from __future__ import annotations

from jobsched.contracts.log_store import LogStore
from jobsched.testing.conformance.logs import CHUNK, Logs
from jobsched.testing.conformance.promise import promised

#: every byte there is, so also what is no text
EVERY_BYTE = bytes(range(256))


class LogStoreKeeping:
    """What is written, once or often."""

    @promised(
        by=LogStore.write, that="Keep a piece of output.", do="Give back in read what was written."
    )
    async def test_what_is_written_is_read(self, logs: Logs) -> None:
        """Two pieces that touch are one output."""
        job = logs.job()
        await logs.write(job, 0, b"hello ")
        await logs.write(job, 6, b"world\n")
        await logs.expect(job, (0, b"hello world\n"))

    @promised(
        by=LogStore.write,
        that="Keep a piece of output.",
        do="Keep bytes, never text: an output may be no UTF-8, and line ends are part of it.",
    )
    async def test_every_byte_is_kept(self, logs: Logs) -> None:
        """Output is bytes: zeros, line ends, and what is no text."""
        job = logs.job()
        await logs.write(job, 0, EVERY_BYTE + b"\r\n\xff\xfe")
        await logs.expect(job, (0, EVERY_BYTE + b"\r\n\xff\xfe"))

    @promised(
        by=LogStore.write,
        that="Keep a piece of output.",
        do="Take pieces of 64 KiB, which is what runners give; keep a few of them whole.",
    )
    async def test_the_largest_chunks_are_kept(self, logs: Logs) -> None:
        """A runner gives at most 64 KiB at a time; the pieces differ."""
        job = logs.job()
        pieces = [bytes([number]) * CHUNK for number in range(3)]
        for number, piece in enumerate(pieces):
            await logs.write(job, number * CHUNK, piece)
        await logs.expect(job, (0, b"".join(pieces)))

    @promised(
        by=LogStore.write,
        that="The same offset again changes nothing (same bytes by contract).",
        do="Store a piece under its offset, never append: collecting is repeated after a crash.",
    )
    async def test_the_same_offset_again_changes_nothing(self, logs: Logs) -> None:
        """A repeat, also of an earlier piece, leaves everything as it was."""
        job = logs.job()
        for offset, chunk in [(0, b"one"), (0, b"one"), (3, b"two"), (0, b"one"), (3, b"two")]:
            await logs.write(job, offset, chunk)
        await logs.expect(job, (0, b"onetwo"))

    @promised(
        by=LogStore.write,
        that="A repeat may cut the same output into other pieces.",
        do="When reading, leave out of each piece what an earlier one has given already.",
    )
    async def test_a_repeat_in_other_pieces_changes_nothing(self, logs: Logs) -> None:
        """The same bytes have the same offsets, and that is all a runner promises."""
        job = logs.job()
        for offset, chunk in [(0, b"abcd"), (4, b"efgh"), (0, b"ab"), (2, b"cdef"), (6, b"gh")]:
            await logs.write(job, offset, chunk)
        await logs.expect(job, (0, b"abcdefgh"))


__all__ = ["LogStoreKeeping"]
