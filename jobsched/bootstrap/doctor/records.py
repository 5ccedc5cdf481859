"""Records that cannot be read, found by reading them: no worker has met them yet."""

from __future__ import annotations

from collections.abc import Sequence

from jobsched.bootstrap.doctor.server import Server
from jobsched.errors import NewerRecord, UnreadableRecord
from jobsched.store import codec

RECORDS = "jobsched:job:"


async def broken(server: Server, jobs: Sequence[str]) -> list[str]:
    """Give those whose record is there and cannot be read; puts none into quarantine.

    Raises:
        StoreUnavailable: the server does not answer, or does not permit HMGET.
    """
    keys = [f"{RECORDS}{job}" for job in jobs]
    found = await server.fields(keys, "document", "schema")
    # what is no hash at all, or was forgotten meanwhile, is told as an index without a record
    return [
        job
        for job, (document, schema) in zip(jobs, found, strict=True)
        if document is not None and not _is_readable(document, schema)
    ]


def _is_readable(document: bytes, schema: bytes | None) -> bool:
    try:
        codec.decode(document, int(schema or b""))
    except NewerRecord:
        return True
    except (UnreadableRecord, ValueError):
        return False
    return True


__all__ = ["RECORDS", "broken"]
