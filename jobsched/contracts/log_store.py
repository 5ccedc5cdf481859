"""Where logs are kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from jobsched.domain.job import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPart:
    """A stored piece of an attempt's output; a gap before it was cut out for size.

    Example:
        >>> LogPart(offset=0, data=b"hello")
        LogPart(offset=0, data=b'hello')
    """

    offset: int
    data: bytes


class LogStore(ABC):
    """Logs of attempts, addressed by byte offset.

    No method may block the event loop; 30 seconds each. Every process of the deployment reads what
    any of them has written. A call may be cut off in its middle (cancelled, or its worker killed),
    and is made again then.

    Example:
        >>> class BucketLogs(LogStore):
        ...     name = "bucket_logs"
        ...
        ...     def __init__(self, bucket):
        ...         self.bucket = bucket
    """

    #: the name in the configuration: ``redis_logs``
    name: ClassVar[str]

    @abstractmethod
    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Keep a piece of output. The same offset again changes nothing (same bytes by contract).

        A repeat may cut the same output into other pieces.

        When: a worker collects what a container wrote, or reads along while it runs.

        Repeated: yes, after a crash or time-out, by any worker, from the first byte on.

        Args:
            job: the job's id.
            attempt: the number of its attempt, from 1.
            offset: the position of the piece's first byte in the whole output.
            chunk: the bytes; at most 64 KiB.

        Raises:
            LogStoreFailed: it could not be kept; the core goes on without (money before logs).

        Within: 30 seconds; all pieces of an attempt together ``limits.collect`` (2 minutes).

        Example:
            >>> async def write(self, job, attempt, offset, chunk):
            ...     key = f"{job}/{attempt}/{offset:012}-{len(chunk):06}"
            ...     try:
            ...         await self.bucket.put(key, chunk)
            ...     except ConnectionError as error:
            ...         raise LogStoreFailed("no_answer", str(error), effect="unknown") from error
        """

    @abstractmethod
    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Give what is kept from byte ``after`` on, in order, each byte once; empty for nothing.

        When: somebody asks for the logs, in the API.

        Repeated: May be repeated.

        Args:
            job: the job's id.
            attempt: the number of its attempt, from 1.
            after: how many bytes of the whole output are left out.

        Raises:
            LogStoreFailed: it cannot be read now; whoever asked is told so.

        Within: 30 seconds.

        Example:
            >>> async def read(self, job, attempt, after=0):
            ...     parts, end = [], after
            ...     try:
            ...         for key in sorted(await self.bucket.keys(f"{job}/{attempt}/")):
            ...             offset = int(key.rpartition("/")[2].partition("-")[0])
            ...             begin = max(offset, end)
            ...             if data := (await self.bucket.get(key))[begin - offset :]:
            ...                 parts.append(LogPart(offset=begin, data=data))
            ...                 end = begin + len(data)
            ...     except ConnectionError as error:
            ...         raise LogStoreFailed("no_answer", str(error), effect="unknown") from error
            ...     return parts
        """

    @abstractmethod
    async def delete(self, job: JobId) -> None:
        """Forget all logs of the job.

        When: the job is older than ``limits.retention`` and is forgotten.

        Repeated: May be repeated. A job that has no logs is success.

        Raises:
            LogStoreFailed: it is logged as ``logs.kept``; nobody calls it again for this job.

        Within: 30 seconds.

        Example:
            >>> async def delete(self, job):
            ...     try:
            ...         for key in await self.bucket.keys(f"{job}/"):
            ...             await self.bucket.remove(key)
            ...     except ConnectionError as error:
            ...         raise LogStoreFailed("no_answer", str(error), effect="unknown") from error
        """


__all__ = ["LogPart", "LogStore"]
