"""Rules of the record: what is saved, what is kept, and what follows from it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from jobsched.domain import facts
from jobsched.domain.state import State, current
from jobsched.engine import observe as observed
from jobsched.errors import Gone, StaleWrite
from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.mutations.mutation import Mutation
from jobsched.testing.simulator.mutations.net import LOSES_OFTEN
from jobsched.testing.simulator.mutations.patch import Patch, always
from jobsched.testing.simulator.process import ShortLife

#: seconds until the API asks the store
SLOW = 0.4


def _asked_or_not(asks_for_another: Any) -> Any:
    del asks_for_another

    def broken(job: Any) -> bool:
        attempt = job.attempt
        if attempt is None or attempt.outcome is None or attempt.no >= job.spec.retry.max_attempts:
            return False
        return attempt.outcome.reason not in {"finished", "cancelled"}

    return broken


def _by_its_code(ended: Any) -> Any:
    return lambda spec, launch, ending: ended(spec, replace(launch, stopping=None), ending)


def _hint_is_the_end(to_fact: Any) -> Any:
    def broken(*said: Any) -> Any:
        fact = to_fact(*said)
        if not isinstance(fact, facts.Hinted):
            return fact
        here: dict[str, Any] = {"attempt": fact.attempt, "launch": fact.launch, "no": 0}
        return facts.Ended(at=fact.at, **here, code=0)

    return broken


def _whoever_says_it(launch_of: Any) -> Any:
    def broken(job: Any, attempt_no: int, launch_no: int) -> Any:
        try:
            return launch_of(job, attempt_no, launch_no)
        except Gone:
            counted_on = current(job.attempt)
            if counted_on is None:
                raise
            return counted_on

    return broken


def _whatever_was_saved_since(save: Any) -> Any:
    async def broken(store: Any, before: Any, after: Any, **more: Any) -> Any:
        record = store.world.records[before.id]
        return await save(store, replace(before, rev=record.rev), after, **more)

    return broken


def _next_number(save: Any) -> Any:
    async def broken(store: Any, before: Any, after: Any, **more: Any) -> Any:
        # what it goes by is no part of what a store forgets
        store.world.saves = 0
        return await save(store, before, after, **more)

    return broken


def _not_forgotten(save: Any) -> Any:
    async def deaf(store: Any, before: Any, after: Any, **more: Any) -> Any:
        store.world.records[before.id].forget_at = None
        return await save(store, before, after, **more)

    return deaf


def _slow(call: Any) -> Any:
    """The API takes its time between a look at a record and its save."""

    async def also(life: Any, names: Any, ask: Any) -> Any:
        if isinstance(life, ShortLife):
            await asyncio.sleep(SLOW)
        return await call(life, names, ask)

    return also


def _dropped(observe: Any) -> Any:
    async def broken(parts: Any, job: Any, *found: Any, decided: Any = None) -> Any:
        found = (*found, decided) if decided else found
        after = observed.recorded(job, *found)
        if after is job:
            return job
        try:
            return await observed._save(parts, job, after, found, holder=parts.worker)  # noqa: SLF001 - `observe` is this, and a loop around it
        except StaleWrite:
            return await parts.store.read(job.id)

    del observe
    return broken


RECORDS = (
    Mutation(
        name="fact dropped on a refused write",
        broken="news whose save is refused, as the record has changed, is dropped",
        caught_by=("cancel heard",),
        also=(Patch(where="jobsched.testing.simulator.process:StormyLife.__call__", make=_slow),),
        aim=Aim(faults={"cancelled around the start": 14}),
        patches=(Patch(where="jobsched.engine.observe:observe", make=_dropped, everywhere=True),),
    ),
    Mutation(
        name="no lease check",
        broken="a worker acts without looking whether it still has the job",
        caught_by=("held",),
        aim=Aim(faults={"worker stands still": 10}),
        sizes=(40,),
        patches=(Patch(where="jobsched.engine.hand:Hand.may_act", make=always(given=True)),),
    ),
    Mutation(
        name="write without compare and set",
        broken="a record is written over whatever was saved since it was read",
        held_by="save.lua: test_a_save_of_a_changed_record_is_refused, on both stores",
        caught_by=("facts stay",),
        patches=(
            Patch(
                where="jobsched.store.memory_records:MemoryRecords.save",
                make=_whatever_was_saved_since,
            ),
        ),
    ),
    Mutation(
        name="a revision given twice",
        broken="a save gives the next number, also after a store has forgotten who has it",
        held_by="save.lua: test_no_revision_is_given_twice, on both stores",
        caught_by=("facts stay",),
        lossy=True,
        also=(LOSES_OFTEN,),
        aim=Aim(faults={"cancelled around the end": 10, "event loop blocked": 100}),
        sizes=(40,),
        patches=(
            Patch(where="jobsched.store.memory_records:MemoryRecords.save", make=_next_number),
        ),
    ),
    Mutation(
        name="an end is overwritten",
        broken="late news changes a job that has ended",
        caught_by=("terminal stays",),
        nets_off=("store refuses",),
        also=(
            Patch(where="jobsched.store.memory_records:MemoryRecords.save", make=_not_forgotten),
        ),
        aim=Aim(faults={"cancelled around the end": 10}),
        patches=(Patch(where="jobsched.domain.record:state_of", make=always(State.SCHEDULED)),),
    ),
    Mutation(
        name="hints are believed",
        broken="a machine's word that its container has ended is taken for its end, and a good one",
        caught_by=("no false success", "true code"),
        aim=Aim(),
        patches=(Patch(where="jobsched.builtin:Terminate.to_fact", make=_hint_is_the_end),),
    ),
    Mutation(
        name="stale callbacks accepted",
        broken="what a machine of a launch says that is over is believed of the one that goes on",
        caught_by=("own word",),
        aim=Aim(faults={"boot fails": 20, "callback late": 10}),
        patches=(Patch(where="jobsched.engine.callback:_launch", make=_whoever_says_it),),
    ),
    Mutation(
        name="stopped and finished",
        broken="a container that was stopped is judged by its code alone",
        caught_by=("no false success",),
        aim=Aim(faults={"cancelled around the end": 10, "ends well when told to": 10}),
        patches=(Patch(where="jobsched.domain.outcome:_ended", make=_by_its_code),),
    ),
    Mutation(
        name="retry of what was not asked",
        broken="an attempt that failed is followed by another, whatever the job asked for",
        caught_by=("only as told",),
        aim=Aim(),
        patches=(
            Patch(
                where="jobsched.domain.retry:asks_for_another", make=_asked_or_not, everywhere=True
            ),
        ),
    ),
)

__all__ = ["RECORDS"]
