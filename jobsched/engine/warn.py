"""warn: tell a running container what becomes of its machine. Best effort, and once."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from jobsched.contracts.runner import MachineWarning
from jobsched.domain import facts
from jobsched.domain.due import Command
from jobsched.domain.job import Job, Launch, WarningKind
from jobsched.engine import answer
from jobsched.engine.call import call
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place
from jobsched.errors import OperationFailed

#: the stop waits for it, and a machine that is taken away gives two minutes, or half of one
WITHIN = timedelta(seconds=5)


async def warn(parts: Parts, job: Job, command: Command) -> Job:
    """Try once to tell the launch's container; what comes of it is recorded either way.

    Whatever the runner does, a stop that follows is not held up for more than `WITHIN` (and what a
    call is given to end, if it takes no notice of being cancelled).
    """
    place = Place.of(job, command)
    runner = parts.registry.runner(job.spec.runner)
    kind = cast("WarningKind", command.why)
    warning = _warning(place.launch, kind)
    failure = ""
    try:
        await call(
            parts,
            f"{runner.name}.warn",
            lambda: runner.warn(place.machine, place.container, warning),
            answer.nothing,
            within=WITHIN,
        )
    except OperationFailed as error:
        failure = f"{error.reason}: {error.message}"
        parts.services.log.info("container.unwarned", kind=kind, why=failure)
    warned = facts.Warned(**place.of_try(parts.now), kind=kind, failure=failure)
    return await observe(parts, job, warned)


def _warning(launch: Launch, kind: WarningKind) -> MachineWarning:
    if kind == "rebalance":
        return MachineWarning(kind=kind, noticed_at=launch.at_risk_at or launch.begun_at)
    noticed_at = launch.interrupted_at or launch.begun_at
    return MachineWarning(kind=kind, deadline=launch.interrupted_until, noticed_at=noticed_at)


__all__ = ["WITHIN", "warn"]
