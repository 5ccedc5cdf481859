"""Jobs for tests of stores."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobsched.domain.job import (
    Attempt,
    Instance,
    Job,
    JobId,
    Launch,
    Offer,
    Outcome,
    Plan,
    Spec,
)

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
LEASE = timedelta(seconds=30)


def job(number: int = 0, *, schedule: datetime = START, name: str = "") -> Job:
    """Make a job that was just accepted."""
    spec = Spec(
        schedule=schedule,
        docker_image="busybox",
        cmd=("echo", "hello"),
        env=("A=b",),
        provider="fake",
        runner="fake",
        planner="default",
        name=name,
    )
    return Job(id=JobId(f"{number:032d}"), spec=spec, accepted_at=START)


def planned(one: Job, *, start_at: datetime | None = None) -> Job:
    """Add an attempt."""
    at = start_at or one.spec.schedule
    plan = Plan(provision_at=at, start_at=at)
    attempt = Attempt(no=1, planned_at=START, plan=plan, offers=(Offer(label="only"),))
    return replace(one, attempt=attempt)


def begun(one: Job, token: str = "") -> Job:
    """Add a launch, which takes a slot."""
    one = one if one.attempt else planned(one)
    assert one.attempt is not None
    number = len(one.attempt.launches) + 1
    launch = Launch(
        no=number,
        begun_at=START,
        token=token or f"token-{one.id}-{number}",
        offer=0,
        request="{}",
        dies_at=START + timedelta(hours=3),
        settles_until=START,
    )
    launches = (*one.attempt.launches, launch)
    return replace(one, attempt=replace(one.attempt, launches=launches))


def provisioned(one: Job) -> Job:
    """Give the last launch a machine."""
    return _last(one, instance=Instance(id="i-1"), provisioned_at=START)


def gone(one: Job) -> Job:
    """End the last launch, which frees its slot."""
    return _last(one, gone_at=START, gone="terminated")


def refused(one: Job) -> Job:
    """Let the last launch be refused, which frees its slot."""
    return _last(one, refused_at=START, request="")


def decided(one: Job, reason: str = "finished") -> Job:
    """Give the attempt an outcome; the job has ended if no launch is left."""
    one = one if one.attempt else planned(one)
    assert one.attempt is not None
    outcome = Outcome(at=START, reason=reason, started=True, code=0)
    return replace(one, attempt=replace(one.attempt, outcome=outcome))


def _last(one: Job, **changes: object) -> Job:
    assert one.attempt is not None
    *others, last = one.attempt.launches
    last = replace(last, **changes)  # type: ignore[arg-type] # names of fields
    return replace(one, attempt=replace(one.attempt, launches=(*others, last)))
