"""Rules of giving a machine back: termination is the fence, and is repeated until it is seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.due import Verb
from jobsched.errors import LogStoreFailed, OperationFailed
from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.mutations.mutation import Mutation
from jobsched.testing.simulator.mutations.net import NOBODY_ASKS
from jobsched.testing.simulator.mutations.patch import Patch

#: later than any world
NEVER = timedelta(days=3)


def _unknown_is_gone(call: Any) -> Any:
    async def broken(parts: Any, what: str, *rest: Any, **limits: Any) -> Any:
        given = await call(parts, what, *rest, **limits)
        if what.endswith(".terminate") and given.phase == "unknown":
            return replace(given, phase="gone")
        return given

    return broken


def _asked_is_gone(is_gone: Any) -> Any:
    return lambda launch: is_gone(launch) or launch.terminated_at is not None


def _failure_is_going(call: Any) -> Any:
    async def broken(parts: Any, what: str, *rest: Any, **limits: Any) -> Any:
        try:
            return await call(parts, what, *rest, **limits)
        except OperationFailed:
            if what.endswith(".terminate"):
                return InstanceStatus(phase="going")
            raise

    return broken


def _once(give_back: Any) -> Any:
    def broken(job: Any, launch: Any) -> Any:
        step = give_back(job, launch)
        return step._replace(at=launch.terminated_at + NEVER) if launch.terminated_at else step

    return broken


def _logs_first(wind_up: Any) -> Any:
    def broken(job: Any, attempt: Any, outcome: Any, launch: Any) -> Any:
        step = wind_up(job, attempt, outcome, launch)
        if launch.ending and not launch.logs_at and not launch.released_at:
            return step._replace(at=outcome.at, verb=Verb.COLLECT, why="")
        return step

    return broken


def _never_kept(write: Any) -> Any:
    del write

    async def also(*_: Any) -> None:
        raise LogStoreFailed("unavailable", "imagined")

    return also


MACHINES = (
    Mutation(
        name="logs before money",
        broken="a machine is given back only once its logs are kept",
        caught_by=("no leak",),
        also=(Patch(where="jobsched.testing.simulator.logs:StormyLogs.write", make=_never_kept),),
        aim=Aim(),
        sizes=(12, 40),
        patches=(Patch(where="jobsched.domain.due:_wind_up", make=_logs_first),),
    ),
    Mutation(
        name="not found at its end is gone",
        broken="a machine that its provider does not know when it is to end counts as gone",
        caught_by=("no leak",),
        nets_off=("reaper", "dead man", "machine asks"),
        also=(NOBODY_ASKS,),
        aim=Aim(faults={"machine shown very late": 10, "cancelled around the start": 10}),
        patches=(Patch(where="jobsched.engine.terminate:call", make=_unknown_is_gone),),
    ),
    Mutation(
        name="asked to end is gone",
        broken="the next attempt begins when the machine was asked to end, and is not seen gone",
        caught_by=("fence",),
        aim=Aim(faults={"machine ends slowly": 10, "machine cut off": 2}),
        patches=(
            Patch(where="jobsched.domain.state:is_gone", make=_asked_is_gone, everywhere=True),
        ),
    ),
    Mutation(
        name="asked to end once",
        broken="the end of a machine is asked for once, whatever is answered",
        caught_by=("no leak",),
        nets_off=("reaper", "dead man", "machine asks"),
        also=(NOBODY_ASKS,),
        aim=Aim(faults={"termination question lost": 15}),
        patches=(
            Patch(where="jobsched.engine.terminate:call", make=_failure_is_going),
            Patch(where="jobsched.domain.due:_give_back", make=_once),
        ),
    ),
)

__all__ = ["MACHINES"]
