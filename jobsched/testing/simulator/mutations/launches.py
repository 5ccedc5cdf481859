"""Rules of a launch: its token, its intent, its doubt."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

from jobsched.domain import facts
from jobsched.errors import OperationFailed
from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.mutations.mutation import Mutation
from jobsched.testing.simulator.mutations.net import NOBODY_ASKS
from jobsched.testing.simulator.mutations.patch import Patch, always

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _refused_in_doubt(call: Any) -> Any:
    async def broken(parts: Any, what: str, *rest: Any, **limits: Any) -> Any:
        try:
            return await call(parts, what, *rest, **limits)
        except OperationFailed as error:
            if what.endswith(".provision") and error.effect == "unknown":
                raise OperationFailed(error.reason, error.message, then="next") from error
            raise

    return broken


def _sent_before(intend: Any) -> Any:
    async def broken(parts: Any, job: Any, *decided: Any, **more: Any) -> Any:
        for fact in decided:
            if isinstance(fact, facts.Begun):
                provider = parts.registry.provider(job.spec.provider)
                with contextlib.suppress(OperationFailed):
                    await provider.provision(fact.request)
        return await intend(parts, job, *decided, **more)

    return broken


LAUNCHES = (
    Mutation(
        name="intent after the launch",
        broken="a machine is asked for before the intent is saved",
        caught_by=("intent first",),
        aim=Aim(),
        patches=(Patch(where="jobsched.engine.begin:intend", make=_sent_before),),
    ),
    Mutation(
        name="next offer while unknown",
        broken="a launch whose answer is lost counts as refused, and the next offer is asked for",
        caught_by=("no leak",),
        nets_off=("reaper", "dead man", "machine asks"),
        other_nets=(NOBODY_ASKS,),
        aim=Aim(faults={"launch answer lost": 15}),
        patches=(Patch(where="jobsched.engine.provision:call", make=_refused_in_doubt),),
    ),
    Mutation(
        name="not shown is gone",
        broken="a machine that is on no list is gone, however young it is",
        caught_by=("no leak",),
        nets_off=("reaper", "dead man", "machine asks"),
        other_nets=(NOBODY_ASKS,),
        aim=Aim(faults={"machine shown very late": 10}),
        patches=(Patch(where="jobsched.engine.sweep:shown", make=always(LONG_AGO)),),
    ),
)

__all__ = ["LAUNCHES"]
