"""Rules of waiting: for a slot of the caps, and for the next look at a job."""

from __future__ import annotations

from typing import Any

from jobsched.contracts.provider import Caps
from jobsched.engine.prune import MOST
from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.mutations.mutation import Mutation
from jobsched.testing.simulator.mutations.patch import Patch


def _without_caps(intend: Any) -> Any:
    async def broken(parts: Any, job: Any, *decided: Any, caps: Any = None) -> Any:
        del caps
        return await intend(parts, job, *decided)

    return broken


def _until_asked_to_end(slots: Any) -> Any:
    def broken(job: Any) -> frozenset[str]:
        launches = job.attempt.launches if job.attempt else ()
        asked = {one.token for one in launches if one.terminated_at}
        held: frozenset[str] = slots(job) - asked
        return held

    return broken


def _without_due(let_go: Any) -> Any:
    del let_go

    async def broken(parts: Any, job: Any, look_again_at: Any) -> None:
        del look_again_at
        await parts.store.release(parts.worker, job.id, look_again_at=None)

    return broken


def _records_first(prune: Any) -> Any:
    async def broken(parts: Any) -> int:
        jobs = await parts.store.prune(await parts.store.past_retention(most=MOST))
        for job in jobs:
            await parts.registry.log_store.delete(job)
        return len(jobs)

    del prune
    return broken


WAITING = (
    Mutation(
        name="cap not atomic",
        broken="a cap is looked at before a launch, and not taken in the save of its intent",
        caught_by=("cap alive",),
        aim=Aim(caps=Caps(alive=2)),
        patches=(Patch(where="jobsched.engine.begin:intend", make=_without_caps),),
    ),
    Mutation(
        name="slot freed too early",
        broken="a machine that was asked to end has no slot any more, though it is still on",
        caught_by=("cap alive",),
        aim=Aim(faults={"machine ends slowly": 10}, caps=Caps(alive=2)),
        patches=(
            Patch(where="jobsched.domain.state:slots", make=_until_asked_to_end, everywhere=True),
        ),
    ),
    Mutation(
        name="no next look",
        broken="a lease is given up, and nothing says when the job is looked at again",
        caught_by=("always woken",),
        nets_off=("reconcile",),
        aim=Aim(reconcile=False),
        patches=(Patch(where="jobsched.engine.advance:_let_go", make=_without_due),),
    ),
    Mutation(
        name="record forgotten before its logs",
        broken="a job that is past its retention is forgotten, and its logs are deleted after that",
        caught_by=("logs go",),
        patches=(Patch(where="jobsched.engine.prune:prune", make=_records_first, everywhere=True),),
    ),
)

__all__ = ["WAITING"]
