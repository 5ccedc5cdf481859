"""``GET /logs/{id}``: the output of an attempt, as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from aiohttp import web

from jobsched.contracts.log_store import LogPart
from jobsched.domain.job import Attempt, Job, JobId
from jobsched.domain.outcome import may_have_started
from jobsched.domain.state import is_gone
from jobsched.engine import answer
from jobsched.engine.call import STORING, call
from jobsched.engine.parts import Parts
from jobsched.errors import NotFound, OperationFailed, Unavailable
from jobsched.schemas.query import LogQuery
from jobsched.web.jobs import job_id, query
from jobsched.web.keys import PARTS

_QUERY: Final = LogQuery()


async def logs(request: web.Request) -> web.Response:
    """Give what is kept of an attempt's output; nothing (200, empty) while there is none yet."""
    asked = _QUERY.load(query(request.query))
    parts = request.app[PARTS]
    job = await parts.store.read(job_id(request))
    attempt = _attempt(job, asked.get("attempt"))
    text, standing = b"", "pending"
    if attempt is not None:
        # read before the output: "complete" is then true of what is given
        standing = standing_of(attempt)
        text = joined(await _kept(parts, job.id, attempt.no))
    return web.Response(
        body=text,
        headers={"X-Jobsched-Logs": standing},
        content_type="text/plain",
        charset="utf-8",
    )


async def _kept(parts: Parts, job: JobId, attempt: int) -> list[LogPart]:
    store = parts.registry.log_store
    try:
        return await call(
            parts,
            f"{store.name}.read",
            lambda: store.read(job, attempt),
            answer.stored,
            within=STORING,
        )
    except OperationFailed as error:
        raise Unavailable("the log store does not answer; ask again later") from error


def _attempt(job: Job, number: int | None) -> Attempt | None:
    if number is None:
        return job.attempt
    for attempt in (*job.past, *([job.attempt] if job.attempt else [])):
        if attempt.no == number:
            return attempt
    raise NotFound(f"this job has no attempt {number}")


def standing_of(attempt: Attempt) -> Literal["complete", "incomplete", "pending"]:
    """Say whether more output may come, and whether some is known to be missing."""
    stored = [launch.logs_complete for launch in attempt.launches if launch.logs_at]
    if stored:
        return "complete" if all(stored) else "incomplete"
    if attempt.outcome is None:
        return "pending"
    started = [launch for launch in attempt.launches if may_have_started(launch)]
    if any(not is_gone(launch) for launch in started):
        return "pending"
    # where nothing ran, an empty log is the whole log
    return "incomplete" if started or attempt.outcome.started else "complete"


def joined(parts: Iterable[LogPart]) -> bytes:
    """Put the parts together; a mark stands where something was cut out for size."""
    pieces: list[bytes] = []
    end = 0
    for part in parts:
        if part.offset > end:
            pieces.append(f"\n[... {part.offset - end} bytes were cut out for size ...]\n".encode())
        # a part may begin before the last one ended: the same bytes are not told twice
        pieces.append(part.data[max(0, end - part.offset) :])
        end = max(end, part.offset + len(part.data))
    return b"".join(pieces)


__all__ = ["joined", "logs", "standing_of"]
