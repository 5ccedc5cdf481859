"""Reading output: whole, in pieces, from the middle, again, and while it grows."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any, cast

from jobsched.contracts.runner import LogChunk, Runner
from jobsched.domain.job import Container
from jobsched.errors import OperationFailed
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.promise import promised

LARGEST = 64 * 1024


class RunnerLogs:
    """`logs`."""

    @promised(
        by=Runner.logs,
        that="Give both streams as they came",
        do="Read the first and the second stream of the container's process.",
    )
    async def test_both_streams_are_read(self, containers: Containers) -> None:
        """What a program writes to either stream is in its output, and nothing else is."""
        container = await containers.started(containers.programs.says("out", "error"))
        await containers.ended(container)
        said = await containers.output(container)
        # Two streams may arrive in either order.
        expect(said in {b"outerror", b"errorout"}, f"of 'out' and 'error' came {said!r}")

    @promised(
        by=Runner.logs,
        that="in chunks of at most 64 KiB",
        do="Cut larger pieces; LogChunk.offset is the position of its first byte in the whole.",
    )
    async def test_a_long_output_comes_in_chunks(self, containers: Containers) -> None:
        """The chunks follow each other without a gap, each small enough, and are the whole."""
        container = await containers.started(containers.programs.counts())
        await containers.ended(container)
        chunks = await containers.chunks(container)
        largest = max((len(chunk.data) for chunk in chunks), default=0)
        expect(largest <= LARGEST, f"a chunk has {largest} bytes")
        _follow(chunks, since=0)
        _is(_joined(chunks), containers.programs.counted())

    @promised(
        by=Runner.logs,
        that="from byte since on",
        do="Skip since bytes, and begin with a chunk whose offset is since.",
    )
    async def test_a_reader_may_begin_in_the_middle(self, containers: Containers) -> None:
        """From wherever it is read, the rest is the same, with the same offsets."""
        container = await containers.started(containers.programs.counts())
        await containers.ended(container)
        whole = containers.programs.counted()
        for since in (1, LARGEST, LARGEST + 1, len(whole) - 1, len(whole)):
            chunks = await containers.chunks(container, since=since)
            _follow(chunks, since=since)
            _is(_joined(chunks), whole[since:])

    @promised(
        by=Runner.logs,
        that="May be repeated: the same bytes have the same offsets",
        do="Count the bytes of the whole output, whoever reads it and however often.",
    )
    async def test_output_may_be_read_again(self, containers: Containers) -> None:
        """Read again, also by another worker and after a reader who left, it is the same."""
        container = await containers.started(containers.programs.counts())
        await containers.ended(container)
        stream = containers.runner.logs(containers.instance, container)
        # Every async generator can be closed; the contract names the plainer kind.
        async with aclosing(cast("Any", stream)) as reader:
            await containers.ask(anext(reader))
        for runner in (containers.runner, containers.another):
            chunks = await containers.chunks(container, by=runner)
            _follow(chunks, since=0)
            _is(_joined(chunks), containers.programs.counted())

    @promised(
        by=Runner.logs,
        that="Give both streams as they came",
        do="With follow, go on until the container has ended, and read what came until then.",
    )
    async def test_output_is_followed_to_its_end(self, containers: Containers) -> None:
        """A reader who follows gets everything, and is let go when the container has ended."""
        container = await containers.started(containers.programs.counts())
        chunks = await containers.chunks(container, follow=True)
        _follow(chunks, since=0)
        _is(_joined(chunks), containers.programs.counted())

    @promised(
        by=Runner.logs,
        that="Raises: OperationFailed: while iterating",
        do="Give nothing, or raise RunnerFailed('container_gone', …).",
    )
    async def test_a_missing_container_has_no_output(self, containers: Containers) -> None:
        """Output of a container that never was is empty, or an expected failure."""
        stranger = Container(name=containers.order(containers.programs.ends_with(0)).name)
        try:
            said = await containers.output(stranger)
        except OperationFailed:
            return
        expect(not said, f"a container that never was said {said[:100]!r}")


def _follow(chunks: list[LogChunk], *, since: int) -> None:
    at = since
    for chunk in chunks:
        expect(chunk.offset == at, f"after byte {at} comes a chunk with the offset {chunk.offset}")
        at += len(chunk.data)


def _joined(chunks: list[LogChunk]) -> bytes:
    return b"".join(chunk.data for chunk in chunks)


def _is(found: bytes, wanted: bytes) -> None:
    same = next(
        (at for at, pair in enumerate(zip(found, wanted, strict=False)) if pair[0] != pair[1]), None
    )
    seen = f"it has {len(found)} bytes of {len(wanted)}"
    expect(found == wanted, f"{seen}; the first that differs is {same}")


__all__ = ["RunnerLogs"]
