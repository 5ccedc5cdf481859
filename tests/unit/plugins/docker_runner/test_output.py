"""Taking an engine's output apart."""

from collections.abc import Callable, Iterator
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobsched.contracts.runner import LogChunk
from jobsched.domain.job import Container
from jobsched.errors import RunnerFailed
from jobsched.plugins.docker_runner import output
from jobsched.plugins.docker_runner.leash import Leash


def sent(*pieces: bytes, stream: int = 1) -> bytes:
    """The body of an answer with these pieces of one stream."""
    return b"".join(output.HEADER.pack(stream, len(piece)) + piece for piece in pieces)


def cut(body: bytes, size: int = output.LARGEST) -> list[bytes]:
    """The body as it comes from the network."""
    return [body[at : at + size] for at in range(0, len(body), size)]


@given(
    pieces=st.lists(st.binary(max_size=200), max_size=20),
    since=st.integers(0, 5000),
    size=st.integers(1, 100),
    arrange=st.sampled_from([iter, output.joined]),
)
def test_the_chunks_are_the_output_from_the_offset_on(
    pieces: list[bytes],
    since: int,
    size: int,
    arrange: Callable[[Iterator[LogChunk]], Iterator[LogChunk]],
) -> None:
    """However the engine cut it, each byte comes once, in order, at its own offset."""
    whole = b"".join(pieces)
    chunks = output.skip(output.frames(cut(sent(*pieces), size)), since)
    position = min(since, len(whole))
    for chunk in arrange(chunks):
        assert chunk.offset == position
        assert 0 < len(chunk.data) <= output.LARGEST
        assert whole[position : position + len(chunk.data)] == chunk.data
        position += len(chunk.data)
    assert position == len(whole)


def test_a_line_of_a_gigabyte_comes_in_small_chunks() -> None:
    """No piece is larger than 64 KiB, whatever the engine sends."""
    sizes = [len(piece) for piece in output.frames(cut(sent(b"x" * 200_000)))]
    assert sizes == [65528, 65536, 65536, 3400]


def test_small_chunks_are_joined_to_large_ones() -> None:
    """A line is a frame; a request of a log store for each would take for ever."""
    chunks = (LogChunk(offset=at, data=b"x" * 100) for at in range(0, 100_000, 100))
    assert [chunk.offset for chunk in output.joined(chunks)] == [0, 65500]


def test_an_output_that_ends_in_the_middle_is_no_end() -> None:
    """A broken connection must not pass for the end of the output."""
    for missing in (2, 5, 9):
        with pytest.raises(OSError, match="in the middle"):
            list(output.frames(cut(sent(b"hello")[:-missing])))


def test_an_engine_that_cannot_read_its_logs_says_so() -> None:
    """The engine's own words are an error, not output of the job."""
    with pytest.raises(RunnerFailed, match="Error grabbing logs") as failed:
        list(output.frames([sent(b"Error grabbing logs", stream=3)]))
    assert failed.value.reason == "logs_failed"


class Streams:
    """An engine that ends the stream of a follower too early, as it may when a container ends."""

    def __init__(self, whole: bytes, followed: int) -> None:
        self.bodies = {True: sent(whole[:followed]), False: sent(whole)}
        self.asked: list[bool] = []

    def opened(self, connection: object, container: object, *, follow: bool) -> Any:
        """Give the answer to one request."""
        self.asked.append(follow)
        raw = BytesIO(self.bodies[follow])
        return SimpleNamespace(
            raw=SimpleNamespace(read1=lambda size, **_: raw.read1(size)), close=raw.close
        )


@pytest.mark.parametrize("followed", [0, 4, 10])
@pytest.mark.parametrize("since", [0, 2, 6])
def test_what_a_follower_was_not_sent_is_read_at_the_end(
    monkeypatch: pytest.MonkeyPatch, followed: int, since: int
) -> None:
    """Each byte comes once, whatever the engine had sent when the container ended."""
    whole = b"0123456789"
    engine = Streams(whole, followed)
    monkeypatch.setattr(output, "_open", engine.opened)
    connection: Any = None
    chunks: list[LogChunk] = []
    container = Container(name="one")

    output.read(connection, container, since, chunks.append, Leash(), follow=True)

    assert engine.asked == [True, False]
    assert b"".join(chunk.data for chunk in chunks) == whole[since:]
    ends = [since, *(chunk.offset + len(chunk.data) for chunk in chunks)]
    assert [chunk.offset for chunk in chunks] == ends[:-1]
