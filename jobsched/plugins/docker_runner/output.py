"""Reading a container's output, both streams as the engine got them. Blocking.

The engine counts no bytes: every read begins at the first one that it still has, and skips. A
container that writes more than ``log_max_size`` times ``log_max_file`` loses its oldest output,
and what is read after that is counted from the oldest that is left.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

from jobsched.contracts.runner import LogChunk
from jobsched.domain.job import Container
from jobsched.errors import RunnerFailed
from jobsched.plugins.docker_runner import failure, naming
from jobsched.plugins.docker_runner.clients import Connection
from jobsched.plugins.docker_runner.leash import Leash

LARGEST = 64 * 1024
#: Stream type, three empty bytes, length of the piece that follows.
HEADER = struct.Struct(">BxxxL")
#: The engine itself speaks: it cannot go on.
ENGINE_STREAM = 3


def read(
    connection: Connection,
    container: Container,
    since: int,
    emit: Callable[[LogChunk], None],
    leash: Leash,
    *,
    follow: bool,
) -> None:
    """Hand on the output from byte ``since`` on.

    Raises:
        RunnerFailed: there is no such container, or the connection broke before the end.
    """
    from jobsched.plugins.docker_runner.client import BROKEN, broken  # noqa: PLC0415 (late, as docker)

    try:
        if follow:
            since = _handed_on(connection, container, since, emit, leash, follow=True)
        # An engine ends a stream that follows as soon as the container ends, and may not have sent
        # all that was written by then: the rest is read once more.
        _handed_on(connection, container, since, emit, leash, follow=False)
    except BROKEN as error:
        raise broken(error) from error


def _handed_on(
    connection: Connection,
    container: Container,
    since: int,
    emit: Callable[[LogChunk], None],
    leash: Leash,
    *,
    follow: bool,
) -> int:
    """Hand on what one stream has; give the first byte that is still to come."""
    with leash.worn(), closing(_open(connection, container, follow=follow)) as response:
        pieces = skip(frames(blocks(response.raw)), since)
        # Somebody is watching: what is there is shown at once, however small.
        for chunk in pieces if follow else joined(pieces):
            emit(chunk)
            since = chunk.offset + len(chunk.data)
    return since


def blocks(raw: Any) -> Iterator[bytes]:
    """Read what there is, at most 64 KiB at a time, until the end."""
    while block := raw.read1(LARGEST, decode_content=False):
        yield block


def frames(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Take the engine's multiplexed stream apart, into pieces no larger than a block."""
    head, stream, left = b"", 0, 0
    for block in blocks:
        at = 0
        while at < len(block):
            if left:
                data = block[at : at + left]
                at, left = at + len(data), left - len(data)
                if stream == ENGINE_STREAM:
                    raise RunnerFailed("logs_failed", data.decode(errors="replace")[:500])
                yield data
                continue
            missing = HEADER.size - len(head)
            head, at = head + block[at : at + missing], at + missing
            if len(head) == HEADER.size:
                stream, left = HEADER.unpack(head)
                head = b""
    if head or left:
        raise OSError("the output ends in the middle")


def skip(pieces: Iterator[bytes], since: int) -> Iterator[LogChunk]:
    """Number the pieces, and leave out what lies before byte ``since``."""
    offset = 0
    for data in pieces:
        kept = data[max(0, since - offset) :]
        offset += len(data)
        if kept:
            yield LogChunk(offset=offset - len(kept), data=kept)


def joined(chunks: Iterator[LogChunk]) -> Iterator[LogChunk]:
    """Join small chunks to ones of nearly 64 KiB: a line of output is a frame of its own."""
    waiting, offset = bytearray(), 0
    for chunk in chunks:
        if waiting and len(waiting) + len(chunk.data) > LARGEST:
            yield LogChunk(offset=offset, data=bytes(waiting))
            waiting.clear()
        if not waiting:
            offset = chunk.offset
        waiting += chunk.data
    if waiting:
        yield LogChunk(offset=offset, data=bytes(waiting))


def _open(connection: Connection, container: Container, *, follow: bool) -> Any:
    client = connection.client
    for reference in naming.references(container):
        try:
            return client.get(
                client.address(f"/containers/{reference}/logs"),
                params={"stdout": 1, "stderr": 1, "follow": int(follow)},
                stream=True,
                # A job may be silent for days; keep-alive notices a dead machine.
                timeout=(client.timeout, None if follow else client.timeout),
            )
        except failure.EngineRefused as error:
            if not error.not_found:
                raise failure.refused(error, f"logs of {container.name}") from error
    raise RunnerFailed("container_gone", f"there is no container {container.name} on the machine")


__all__ = ["blocks", "frames", "joined", "read", "skip"]
