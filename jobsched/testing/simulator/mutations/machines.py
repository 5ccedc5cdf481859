"""Rules of giving a machine back: termination is the fence, and is repeated until it is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.mutations.mutation import Mutation
from jobsched.testing.simulator.mutations.net import NOBODY_ASKS
from jobsched.testing.simulator.mutations.patch import Patch


def _unknown_is_gone(call: Any) -> Any:
    async def broken(parts: Any, what: str, *rest: Any, **limits: Any) -> Any:
        given = await call(parts, what, *rest, **limits)
        if what.endswith(".terminate") and given.phase == "unknown":
            return replace(given, phase="gone")
        return given

    return broken


def _asked_is_gone(is_gone: Any) -> Any:
    return lambda launch: is_gone(launch) or launch.terminated_at is not None


MACHINES = (
    Mutation(
        name="not found at its end is gone",
        broken="a machine that its provider does not know when it is to end counts as gone",
        caught_by=("no leak",),
        nets_off=("reaper", "dead man", "machine asks"),
        other_nets=(NOBODY_ASKS,),
        aim=Aim(faults={"shown late": 0.3, "cancelled": 0.8}),
        patches=(Patch(where="jobsched.engine.terminate:call", make=_unknown_is_gone),),
    ),
    Mutation(
        name="asked to end is gone",
        broken="the next attempt begins when the machine was asked to end, and is not seen gone",
        caught_by=("no overlap",),
        nets_off=("reaper", "dead man", "machine asks"),
        other_nets=(NOBODY_ASKS,),
        aim=Aim(faults={"ends slowly": 0.8, "cut off": 0.01}),
        patches=(
            Patch(where="jobsched.domain.state:is_gone", make=_asked_is_gone, everywhere=True),
        ),
    ),
)

__all__ = ["MACHINES"]
