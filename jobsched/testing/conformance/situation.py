"""Jobs as a planner or a callback action may meet them, made of the core's own facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from jobsched.domain import facts
from jobsched.domain.job import Access, Container, Instance, Job, JobId, Offer, Plan, Retry, Spec
from jobsched.domain.record import record

#: the hour for which every job is scheduled
HOUR = datetime(2026, 7, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def accepted() -> Job:
    """Give a job of which nothing is known but what was asked; it is retried whatever happens."""
    spec = Spec(
        schedule=HOUR,
        docker_image="conformance",
        env=("A=b",),
        labels={"team": "kit"},
        provider="conformance",
        runner="conformance",
        planner="conformance",
        options={"conformance": {"size": 1}},
        retry=Retry(max_attempts=5, on=("before_start", "error", "timeout", "interruption")),
    )
    return Job(id=JobId("c" * 32), spec=spec, accepted_at=HOUR - timedelta(days=1))


def planned(job: Job, at: datetime) -> Job:
    """Give the job with its next attempt."""
    attempt = job.attempt.no + 1 if job.attempt else 1
    plan = Plan(provision_at=at, start_at=max(at, HOUR))
    return known(
        job,
        facts.Planned(at=at, attempt=attempt, plan=plan),
        facts.Offered(at=at, attempt=attempt, offers=(Offer(label="one"),)),
    )


def launched(job: Job, at: datetime) -> Job:
    """Give the job with its next machine, which is not ready yet."""
    here = _here(job, at)
    here["launch"] += 1
    name = f"{here['attempt']}-{here['launch']}"
    begun = facts.Begun(
        **here,
        token=name,
        offer=0,
        request="{}",
        dies_at=at + timedelta(hours=3),
        settles_until=at,
        destroys_machine=True,
    )
    return known(job, begun, facts.Provisioned(**here, instance=Instance(id=f"machine-{name}")))


def running(job: Job, at: datetime) -> Job:
    """Give the job with a container that runs on the machine."""
    here = _here(job, at)
    container = Container(name=f"jobsched-{job.id}", id="container")
    return known(
        job,
        facts.Ready(**here, access=Access(kind="conformance")),
        facts.Prepared(**here, no=0, container=container),
        facts.StartGranted(**here, no=0),
        facts.Started(**here, no=0),
    )


def given_back(job: Job, at: datetime, *found: facts.Fact) -> Job:
    """Give the job without its machine, after what was found."""
    here = _here(job, at)
    return known(job, *found, facts.Released(**here, why="ended"), facts.Gone(**here))


def ended(job: Job, at: datetime) -> Job:
    """Give the job with the attempt over: its container ended with an error."""
    here = _here(job, at)
    return given_back(
        job, at, facts.Ended(**here, no=0, code=1), facts.LogsStored(**here, complete=True)
    )


def known(job: Job, *found: facts.Fact) -> Job:
    """Record facts, one after the other."""
    for fact in found:
        job = record(job, fact)
    return job


def _here(job: Job, at: datetime) -> dict[str, Any]:
    """Give what a fact about the job's latest machine begins with."""
    attempt = job.attempt.no if job.attempt else 0
    return {"at": at, "attempt": attempt, "launch": len(job.attempt.launches) if job.attempt else 0}


def _jobs() -> dict[str, Job]:
    first = launched(planned(accepted(), HOUR - 5 * MINUTE), HOUR - 5 * MINUTE)
    replaced = launched(given_back(first, HOUR - MINUTE), HOUR)
    failed = ended(running(first, HOUR), HOUR + 30 * MINUTE)
    again = HOUR + 40 * MINUTE
    return {
        "a job without an attempt": accepted(),
        "a job whose machine boots": first,
        "a job whose container runs": running(first, HOUR),
        "a job whose machine was replaced": replaced,
        "a job that failed once": failed,
        "a job that is tried again": launched(planned(failed, again), again),
    }


#: jobs that have not ended, by what happened to them
JOBS: Mapping[str, Job] = MappingProxyType(_jobs())

__all__ = ["HOUR", "JOBS", "MINUTE", "accepted", "known"]
