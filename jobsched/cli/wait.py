"""Follow a job to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from jobsched.cli import ending
from jobsched.cli.failure import TIMED_OUT, Failure, code_of
from jobsched.client import Client, Document, NoServer
from jobsched.errors import JobschedError

#: The first and the longest pause between two looks, in seconds.
PAUSES = (0.1, 1.0)
#: How long a server may be away: a job outlives the restart of its API.
AWAY = timedelta(minutes=1)


def until_end(
    client: Client, job: str, *, within: timedelta | None, say: Callable[[str], None]
) -> Document:
    """Look until the job has ended; say each change on the way. Give its last document.

    Raises:
        Failure: it did not end in time (4), or the server stays away (5).
    """
    deadline = time.monotonic() + within.total_seconds() if within is not None else None
    pause, told = PAUSES[0], ""
    while True:
        document = _look(client, job, deadline, say)
        line = ending.standing(document)
        if line != told:
            say(f"{datetime.now(UTC):%H:%M:%S} {line}")
            pause, told = PAUSES[0], line
        if document["status"] in ending.ENDED:
            return document
        if deadline is not None and time.monotonic() >= deadline:
            raise Failure(f"the job is still {document['status']}. {how_to_go_on(job)}", TIMED_OUT)
        time.sleep(pause)
        pause = min(pause * 1.5, PAUSES[1])


def _look(client: Client, job: str, deadline: float | None, say: Callable[[str], None]) -> Document:
    """Ask for the job; a server that is away for a moment is waited for."""
    away_until = 0.0
    while True:
        try:
            return client.status(job)
        except JobschedError as error:
            now = time.monotonic()
            if code_of(error) != code_of(NoServer()) or now >= (deadline or now + 1):
                raise
            if not away_until:
                away_until = now + AWAY.total_seconds()
                say(f"{error.message}; the job goes on, and so does the wait")
            if now >= away_until:
                raise
            time.sleep(PAUSES[1])


def how_to_go_on(job: str) -> str:
    """Say how a job that goes on is followed and cancelled."""
    return f"The job goes on. Follow it: jobsched status {job}. End it: jobsched cancel {job}"


__all__ = ["how_to_go_on", "until_end"]
