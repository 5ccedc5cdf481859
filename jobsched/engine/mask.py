"""mask: take the values of a job's secrets out of its own output."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jobsched.contracts.runner import LogChunk
from jobsched.domain.job import Job
from jobsched.engine.parts import Parts
from jobsched.errors import OperationFailed

#: bytes: a shorter value is in every output by chance, and is left
SHORTEST = 4
#: bytes of a piece, as runners give them
LARGEST = 64 * 1024


class Mask:
    """Puts stars in the place of secrets, as many as they have bytes: offsets stay what they are.

    A secret that two pieces cut is found as well. What a program makes of a secret before it prints
    it (base 64, a part of it) is not known.

    Args:
        secrets: the values.
    """

    def __init__(self, secrets: list[str]) -> None:
        values = sorted({one.encode() for one in secrets}, key=len, reverse=True)
        values = [one for one in values if len(one) >= SHORTEST]
        self._pattern = re.compile(b"|".join(map(re.escape, values)))
        #: bytes that wait for the next piece: a secret may begin in them
        self._most_held = len(values[0]) - 1 if values else 0
        self._is_needed = bool(values)
        self._held = b""
        self._offset = 0

    def through(self, chunk: LogChunk) -> Iterator[LogChunk]:
        """Give what can be said of the output up to the end of this piece."""
        if not self._is_needed:
            yield chunk
            return
        if not self._held:
            self._offset = chunk.offset
        self._held += chunk.data
        yield from self._masked(len(self._held) - self._most_held)

    def rest(self) -> Iterator[LogChunk]:
        """Give what was held back, once there is no more output."""
        yield from self._masked(len(self._held))

    def _masked(self, until: int) -> Iterator[LogChunk]:
        """Give what is held before ``until``, and the whole of a secret that begins before it."""
        done, end = bytearray(), 0
        while self._is_needed and (found := self._pattern.search(self._held, end)):
            begin, over = found.span()
            if begin >= until:
                break
            done += self._held[end:begin] + b"*" * (over - begin)
            end = over
        done += self._held[end : max(end, until)]
        self._held = self._held[len(done) :]
        for at in range(0, len(done), LARGEST):
            piece = bytes(done[at : at + LARGEST])
            yield LogChunk(offset=self._offset + at, data=piece)
        self._offset += len(done)


def of_job(parts: Parts, job: Job) -> Mask:
    """Make the mask of a job's output: the values that it was given, as far as they are known."""
    values = []
    for name in job.spec.secret_env.values():
        try:
            values.append(parts.secrets.value(name))
        except OperationFailed:
            # taken out of the configuration since
            parts.services.log.warning("secret.unknown", job=job.id, secret=name)
    return Mask(values)


__all__ = ["Mask", "of_job"]
