"""Where logs are kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from jobsched.domain.job import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPart:
    """A stored piece of an attempt's output; a gap before it was cut out for size."""

    offset: int
    data: bytes


class LogStore(ABC):
    """Logs of attempts, addressed by byte offset.

    No method may block the event loop; 30 seconds each. Every process of the deployment reads what
    any of them has written. A call may be cut off in its middle (cancelled, or its worker killed),
    and is made again then.
    """

    #: the name in the configuration: ``redis_logs``
    name: ClassVar[str]

    @abstractmethod
    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Keep a piece of output. The same offset again changes nothing (same bytes by contract).

        A repeat may cut the same output into other pieces.

        Raises:
            LogStoreFailed: it could not be kept; the core goes on without (money before logs).
        """

    @abstractmethod
    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Give what is kept from byte ``after`` on, in order, each byte once; empty for nothing.

        May be repeated.
        """

    @abstractmethod
    async def delete(self, job: JobId) -> None:
        """Forget all logs of the job. May be repeated."""


__all__ = ["LogPart", "LogStore"]
