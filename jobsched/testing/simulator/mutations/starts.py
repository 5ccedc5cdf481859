"""Rules of a start: granted first, after a look, and never repeated in doubt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jobsched.contracts.runner import ContainerStatus
from jobsched.domain import facts
from jobsched.engine.call import call
from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.mutations.mutation import Mutation
from jobsched.testing.simulator.mutations.net import LOSES_OFTEN
from jobsched.testing.simulator.mutations.patch import Patch, always, instead

#: what makes starts doubtful
DOUBT = Aim(
    faults={
        "start carried out late": 5,
        "start's answer lost": 4,
        "worker dies beside an effect": 2,
    }
)
#: a start whose answer is lost, on a machine that is not seen again
UNSEEN = Aim(
    faults={
        "start's answer lost": 18,
        "inspect's answer lost": 20,
        "spot taken back without notice": 20,
    }
)


def _short(pauses: Any) -> Any:
    """Shorter than a lease, so that whoever stood still still holds the job."""
    return dict.fromkeys(pauses, (5.0, 25.0))


def _not_intended(intend: Any) -> Any:
    async def broken(parts: Any, job: Any, *decided: Any, **more: Any) -> Any:
        if isinstance(decided[0], facts.StartGranted):
            return job
        return await intend(parts, job, *decided, **more)

    return broken


def _told_with_its_grant(observe: Any) -> Any:
    async def broken(parts: Any, job: Any, *found: Any) -> Any:
        first = found[0]
        if isinstance(first, facts.Started):
            here = {"attempt": first.attempt, "launch": first.launch, "no": first.no}
            return await observe(parts, job, facts.StartGranted(at=first.at, **here), *found)
        return await observe(parts, job, *found)

    return broken


def _unseen(inspected: Any) -> Any:
    del inspected

    async def broken(*place: Any) -> ContainerStatus:
        del place
        return ContainerStatus(phase="created")

    return broken


def _without_withdrawal(call: Any) -> Any:
    async def broken(parts: Any, what: str, *rest: Any, **limits: Any) -> Any:
        if what.endswith(".withdraw"):
            return ContainerStatus(phase="created")
        return await call(parts, what, *rest, **limits)

    return broken


def _believed_withdrawal(call: Any) -> Any:
    async def broken(parts: Any, what: str, *rest: Any, **limits: Any) -> Any:
        given = await call(parts, what, *rest, **limits)
        return replace(given, phase="created") if what.endswith(".withdraw") else given

    return broken


def _again(after_a_grant: Any) -> Any:
    adopted = after_a_grant.__globals__["_adopted"]

    async def broken(parts: Any, job: Any, place: Any, status: Any) -> Any:
        runner = parts.registry.runner(job.spec.runner)
        await call(
            parts,
            f"{runner.name}.start",
            lambda: runner.start(place.machine, place.container),
            lambda given: given,
        )
        return await adopted(parts, job, place, replace(status, phase="running"))

    return broken


def _at_its_hour(granted: Any) -> Any:
    del granted
    return lambda spec, attempt, last: attempt.plan.start_at  # noqa: ARG005 - as it is called


def _told_is_started(may_have_started: Any) -> Any:
    del may_have_started
    return lambda launch: any(one.started_at and not one.not_started_at for one in launch.tries)


STARTS = (
    Mutation(
        name="a grant is no start",
        broken="a container counts as started once its start was answered, not when it was granted",
        caught_by=("one start", "at most once"),
        nets_off=("a grant that a store has lost",),
        also=(
            Patch(
                where="jobsched.domain.outcome:counts_as_granted",
                make=always(given=False),
                everywhere=True,
            ),
        ),
        aim=UNSEEN,
        patches=(
            Patch(
                where="jobsched.domain.outcome:may_have_started",
                make=_told_is_started,
                everywhere=True,
            ),
        ),
    ),
    Mutation(
        name="a lost grant is none",
        broken="a machine that is lost with a container whose time had come was surely not used",
        caught_by=("one start", "at most once"),
        lossy=True,
        also=(Patch(where="jobsched.testing.simulator.lossy:EVERY", make=instead((1.0, 10.0))),),
        limits=("one start", "at most once"),
        aim=UNSEEN,
        sizes=(40,),
        patches=(
            Patch(
                where="jobsched.domain.outcome:counts_as_granted",
                make=always(given=False),
                everywhere=True,
            ),
        ),
    ),
    Mutation(
        name="granted at once",
        broken="a start is granted before it is surely saved that its container is there",
        caught_by=("one start",),
        lossy=True,
        also=(LOSES_OFTEN,),
        aim=Aim(faults={"container vanishes": 20}),
        sizes=(12, 40),
        patches=(Patch(where="jobsched.domain.deadlines:granted", make=_at_its_hour),),
    ),
    Mutation(
        name="start without a look",
        broken="a container is started without an inspect before",
        caught_by=("one start",),
        lossy=True,
        also=(LOSES_OFTEN,),
        aim=Aim(),
        sizes=(12, 40),
        patches=(Patch(where="jobsched.engine.start:inspected", make=_unseen),),
    ),
    Mutation(
        name="start without a grant",
        broken="a container is started before its grant is saved, which is told with the start",
        caught_by=("one start",),
        aim=DOUBT,
        patches=(
            Patch(where="jobsched.engine.start:intend", make=_not_intended),
            Patch(where="jobsched.engine.start:observe", make=_told_with_its_grant),
        ),
    ),
    Mutation(
        name="blind start retry",
        broken="a start in doubt is made again, whatever became of the first",
        caught_by=("one start",),
        aim=DOUBT,
        patches=(Patch(where="jobsched.engine.start:_after_a_grant", make=_again),),
    ),
    Mutation(
        name="no withdrawal",
        broken="a start in doubt whose container stands still is granted anew, not withdrawn first",
        caught_by=("one start",),
        aim=DOUBT,
        patches=(Patch(where="jobsched.engine.start:call", make=_without_withdrawal),),
    ),
    Mutation(
        name="withdrawal not looked at",
        broken="a withdrawn container counts as never started without a last look",
        caught_by=("one start",),
        also=(
            Patch(where="jobsched.testing.simulator.process:PAUSES", make=_short),
            Patch(where="jobsched.testing.simulator.engine:LATE", make=instead((1.0, 40.0))),
        ),
        aim=Aim(faults={"start carried out late": 16, "worker stands still beside an effect": 20}),
        patches=(Patch(where="jobsched.engine.start:call", make=_believed_withdrawal),),
    ),
)

__all__ = ["STARTS"]
