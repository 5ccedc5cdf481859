"""Turn what a provider or a runner says into facts."""

from __future__ import annotations

from datetime import datetime

from jobsched.contracts.provider import InstanceStatus, Refusal
from jobsched.contracts.runner import ContainerStatus
from jobsched.domain import facts
from jobsched.domain.job import Job, Launch
from jobsched.engine.place import Place


def of_instance(place: Place, status: InstanceStatus, at: datetime) -> list[facts.Fact]:
    """Give the facts in a provider's description of a launch's machine.

    Of one that is unknown its id is all that counts, if the provider names one.
    """
    found: list[facts.Fact] = []
    here = place.of_launch(at)
    if status.instance is not None:
        found.append(facts.Provisioned(**here, instance=status.instance))
    is_ready = status.ready or (status.access is not None and place.launch.ready_at is not None)
    if status.phase == "running" and is_ready:
        found.append(facts.Ready(**here, access=status.access))
    if status.interrupted:
        found.append(facts.Interrupted(**here))
    if status.phase == "gone":
        found.append(gone(place, at, status))
    return found


def gone(place: Place, at: datetime, status: InstanceStatus | None = None) -> facts.Gone:
    """Make the fact that the launch's machine is gone: as we wanted, or not."""
    if refusal := refusal_in(place, status):
        return facts.Gone(
            **place.of_launch(at),
            why="refused",
            reason=refusal.reason,
            message=refusal.message,
            for_every_offer=refusal.then == "breaker",
        )
    return facts.Gone(**place.of_launch(at), why=_why_gone(place.launch, status))


def refusal_in(place: Place, status: InstanceStatus | None) -> Refusal | None:
    """Give why the launch's machine was ended before anybody could use it, if it was."""
    launch = place.launch
    if status is None or status.phase != "gone" or launch.released_at or launch.tries:
        return None
    return status.refusal


def _why_gone(launch: Launch, status: InstanceStatus | None) -> facts.GoneWhy:
    if status and status.lost:
        return "abandoned"
    if launch.released_at:
        return "terminated"
    return "interrupted" if status and status.interrupted else "machine_lost"


def of_container(place: Place, status: ContainerStatus, at: datetime) -> facts.Fact | None:
    """Give the fact in an inspect of a container that was granted its start, if any."""
    here = place.of_try(at)
    match status.phase:
        case "running":
            return facts.Inspected(**here)
        case "exited" | "start_failed":
            return facts.Ended(
                **here,
                code=status.code,
                oom=status.oom,
                start_failed=status.phase == "start_failed",
                started_at=status.started_at,
                finished_at=status.finished_at,
                message=status.message,
            )
        case "gone":
            return facts.Vanished(**here)
        case _:
            return None


def surely_unused(job: Job, status: ContainerStatus) -> bool:
    """Whether a container whose time has come, and of whose grant none knows, never started.

    One that is gone was never granted its start where the store forgets nothing. A store that may
    forget (`limits.evidence`) may have forgotten the grant, and the container may have run and been
    removed.
    """
    return status.phase == "created" or (status.phase == "gone" and not job.spec.limits.evidence)


__all__ = ["gone", "of_container", "of_instance", "refusal_in", "surely_unused"]
