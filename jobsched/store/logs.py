"""Logs kept beside the records: the head and the tail of each attempt's output, 1 MiB in all."""

from __future__ import annotations

from jobsched.contracts.log_store import LogPart
from jobsched.domain.job import JobId

#: How much of the start, and of the end, of an attempt's output is kept.
HEAD = 512 * 1024
TAIL = 512 * 1024


def split(offset: int, chunk: bytes) -> list[tuple[int, bytes]]:
    """Cut a chunk where the head ends, and leave out what could not be kept of it."""
    pieces = [(offset, chunk[: max(0, HEAD - offset)])]
    start = max(offset, HEAD, offset + len(chunk) - TAIL)
    pieces.append((start, chunk[start - offset :]))
    return [(at, piece) for at, piece in pieces if piece]


def joined(pieces: list[tuple[int, bytes]], after: int) -> list[LogPart]:
    """Put pieces in order, each byte once, from ``after`` on; what touches becomes one part."""
    parts: list[tuple[int, bytearray]] = []
    for offset, piece in sorted(pieces):
        end = parts[-1][0] + len(parts[-1][1]) if parts else after
        start = max(offset, after, end) if parts else max(offset, after)
        fresh = piece[start - offset :]
        if not fresh:
            continue
        if parts and start == end:
            parts[-1][1].extend(fresh)
        else:
            parts.append((start, bytearray(fresh)))
    return [LogPart(offset=offset, data=bytes(data)) for offset, data in parts]


class MemoryLogs:
    """Logs in memory; the methods of :class:`~jobsched.contracts.log_store.LogStore`."""

    def __init__(self, kept: dict[JobId, dict[int, dict[int, bytes]]]) -> None:
        self._kept = kept

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Keep a piece of output."""
        pieces = self._kept.setdefault(job, {}).setdefault(attempt, {})
        for at, piece in split(offset, chunk):
            if len(piece) > len(pieces.get(at, b"")):
                pieces[at] = piece
        end = max((at + len(piece) for at, piece in pieces.items()), default=0)
        for at in sorted(pieces):
            if HEAD <= at < end - TAIL:
                piece = pieces.pop(at)
                if kept := piece[end - TAIL - at :]:
                    pieces[end - TAIL] = max(kept, pieces.get(end - TAIL, b""), key=len)

    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Give what is kept from byte ``after`` on."""
        return joined(list(self._kept.get(job, {}).get(attempt, {}).items()), after)

    async def delete(self, job: JobId) -> None:
        """Forget all logs of the job."""
        self._kept.pop(job, None)


__all__ = ["HEAD", "TAIL", "MemoryLogs", "joined", "split"]
