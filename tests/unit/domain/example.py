"""Jobs and facts for the tests of the domain: a test names only what it is about."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from jobsched.domain import facts
from jobsched.domain.job import Access, Container, Instance, Job, JobId, Offer, Plan, Retry, Spec
from jobsched.domain.record import record

F = TypeVar("F")

#: the hour for which the example is scheduled
HOUR = datetime(2030, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HERE = Access(kind="this_host", host_id="host")
OFFERS = (Offer(label="spot"), Offer(label="on demand"))
ALWAYS = Retry(
    on=("before_start", "error", "timeout", "interruption"), backoff=timedelta(seconds=10)
)


def a_spec(**fields: Any) -> Spec:
    """Give what a user asked for."""
    usual = {"provider": "a", "runner": "b", "planner": "c", "docker_image": "busybox"}
    return Spec(**{"schedule": HOUR, **usual, **fields})


def a_job(**fields: Any) -> Job:
    """Give an accepted job of which nothing else is known; ``fields`` are those of its spec."""
    return Job(id=JobId("job"), spec=a_spec(**fields), accepted_at=HOUR - 60 * MINUTE)


def told(
    kind: type[F],
    /,
    at: datetime = HOUR,
    attempt: int = 1,
    launch: int = 1,
    no: int = 0,
    **fields: Any,
) -> F:
    """Make a fact about attempt 1, launch 1 and try 0, unless said otherwise."""
    usual = {
        "at": at,
        "attempt": attempt,
        "launch": launch,
        "no": no,
        "plan": Plan(provision_at=HOUR - 5 * MINUTE, start_at=HOUR),
        "offers": OFFERS,
        "token": f"token-{attempt}-{launch}",
        "offer": 0,
        "request": "{}",
        "dies_at": HOUR + 120 * MINUTE,
        "settles_until": at + 10 * MINUTE,
        "destroys_machine": True,
        "instance": Instance(id=f"i-{attempt}-{launch}", access=HERE),
        "container": Container(name=f"jobsched-job-{attempt}-{launch}-{no}", id="c"),
        "source": "plugin",
        "data": {},
        "complete": True,
        "command": "prepare",
        "reason": "plugin_error" if kind is facts.GivenUp else "no_capacity",
        "message": "",
        "not_before": at + SECOND,
        "why": {facts.Stopping: "cancel", facts.Released: "ended"}.get(kind, "terminated"),
        "code": 0,
        "kind": "interruption",
    }
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # F is a fact
    return kind(**{name: value for name, value in {**usual, **fields}.items() if name in names})


def known(job: Job, *found: facts.Fact) -> Job:
    """Record facts, one after the other."""
    for fact in found:
        job = record(job, fact)
    return job


def up_to(last: type[facts.Fact], job: Job | None = None, **fields: Any) -> Job:
    """Give a job with the facts of a good attempt up to one kind, each a second later."""
    job = job or a_job()
    skipped = {facts.Inspected, facts.Removed}
    for number, kind in enumerate(facts.KINDS):
        if kind not in skipped or kind is last:
            at = HOUR + number * SECOND
            job = record(job, told(kind, at, **fields))
        if kind is last:
            return job
    raise AssertionError(last)
