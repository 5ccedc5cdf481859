"""Routes about jobs: schedule, list, status, cancel, abandon."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import structlog
from aiohttp import web
from multidict import MultiMapping

from jobsched.domain.job import JobId
from jobsched.domain.state import State, state_of
from jobsched.engine import abandon, cancel, submit
from jobsched.errors import InvalidInput
from jobsched.schemas import job as job_schema
from jobsched.schemas.query import ListQuery
from jobsched.schemas.status import JobList, Scheduled
from jobsched.store.port import Idempotency
from jobsched.web.body import read_json
from jobsched.web.keys import PARTS
from jobsched.web.status import status_document

_KEY: Final = re.compile(r"[\x20-\x7e]{1,255}\Z")
_LIST_QUERY: Final = ListQuery()
_LIST: Final = JobList()
_SCHEDULED: Final = Scheduled()


async def schedule(request: web.Request) -> web.Response:
    """``POST /schedule``: accept a job. It is in the store when this answers with 200."""
    parts = request.app[PARTS]
    asked = job_schema.load(await read_json(request), now=parts.now)
    accepted = await submit.submit(parts, asked, _idempotency(request, asked))
    structlog.contextvars.bind_contextvars(job=accepted.id)
    answer = {
        "status": State.SCHEDULED.value,
        "message": "job successfully scheduled",
        "id": accepted.id,
    }
    return web.json_response(_SCHEDULED.dump(answer))


async def list_jobs(request: web.Request) -> web.Response:
    """``GET /list``: a page of jobs, latest schedule first."""
    asked = _LIST_QUERY.load(query(request.query))
    page = await request.app[PARTS].store.list(
        state=asked.get("status"), limit=asked["limit"], cursor=asked.get("cursor")
    )
    answer = _LIST.dump({"jobs": page.jobs, "next": page.next})
    for job in answer["jobs"]:
        if not job["name"]:
            del job["name"]
    return web.json_response(answer)


async def status(request: web.Request) -> web.Response:
    """``GET /status/{id}``: all that is known about a job."""
    parts = request.app[PARTS]
    job = await parts.store.read(job_id(request))
    halted = {} if state_of(job).is_terminal else await parts.store.halted()
    return web.json_response(
        status_document(job, parts.registry, now=parts.now, halted=halted.get(job.spec.provider))
    )


async def cancel_job(request: web.Request) -> web.Response:
    """``POST /cancel/{id}``: 200 when cancelled, 202 while it ends, 409 when it ended otherwise."""
    job = await cancel.cancel(request.app[PARTS], job_id(request))
    state = state_of(job)
    done = state is State.CANCELLED
    answer = {
        "status": state.value,
        "message": "job cancelled" if done else "job is being cancelled",
        "id": job.id,
    }
    code = HTTPStatus.OK if done else HTTPStatus.ACCEPTED
    return web.json_response(_SCHEDULED.dump(answer), status=code)


async def abandon_job(request: web.Request) -> web.Response:
    """``POST /abandon/{id}``: its machines count as gone; 409 when there is none to abandon."""
    job = await abandon.abandon(request.app[PARTS], job_id(request))
    answer = {"status": state_of(job).value, "message": "machines abandoned", "id": job.id}
    return web.json_response(_SCHEDULED.dump(answer))


def job_id(request: web.Request) -> JobId:
    """Give the id in the path; the router has checked its form."""
    return JobId(request.match_info["id"])


def query(given: MultiMapping[str]) -> dict[str, str]:
    """Give the query as an object.

    Raises:
        InvalidInput: a name is there twice.
    """
    found = dict(given)
    twice = {name: ["give this once"] for name in found if len(given.getall(name)) > 1}
    if twice:
        raise InvalidInput("Some parameters are there more than once.", errors=twice)
    return found


def _idempotency(request: web.Request, asked: dict[str, Any]) -> Idempotency | None:
    keys = request.headers.getall("Idempotency-Key", [])
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.match(keys[0]):
        sentence = "give one key of 1 to 255 printable ASCII characters"
        raise InvalidInput("The key is wrong.", errors={"Idempotency-Key": [sentence]})
    return Idempotency(key=keys[0], digest=digest(asked))


def digest(asked: dict[str, Any]) -> str:
    """Hash what was asked: the same for bodies that mean the same, however they are written."""
    canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: object) -> str | float:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(type(value).__name__)


__all__ = [
    "abandon_job",
    "cancel_job",
    "digest",
    "job_id",
    "list_jobs",
    "query",
    "schedule",
    "status",
]
