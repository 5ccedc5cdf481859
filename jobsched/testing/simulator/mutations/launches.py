"""Rules of a launch: its token, its intent, its doubt."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from jobsched.domain import facts
from jobsched.domain.due import Verb
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


def _another_token(place_of: Any) -> Any:
    sent: Counter[str] = Counter()

    def broken(kind: Any, job: Any, command: Any) -> Any:
        place = place_of.__func__(kind, job, command)
        launch = place.launch
        if command.verb is not Verb.PROVISION or not launch.request:
            return place
        sent[launch.token] += 1
        times = sent[launch.token]
        if times == 1:
            return place
        # chance, but the same each time
        token = hashlib.sha256(f"{launch.token}{times}".encode()).hexdigest()
        request = json.dumps({**json.loads(launch.request), "token": token}, sort_keys=True)
        return replace(place, launch=replace(launch, request=request))

    return classmethod(broken)


def _made_anew(token: Any) -> Any:
    numbers = itertools.count()

    def broken(secrets: Any, job: Any, attempt: int, launch: int) -> str:
        made: str = token(secrets, f"{job}/{next(numbers)}", attempt, launch)
        return made

    return broken


def _sent_again(give_back: Any) -> Any:
    def broken(job: Any, launch: Any) -> Any:
        step = give_back(job, launch)
        return step._replace(verb=Verb.PROVISION) if step.verb is Verb.FIND else step

    return broken


LAUNCHES = (
    Mutation(
        name="random token per call",
        broken="a request that is sent again has another token",
        caught_by=("intent first",),
        aim=Aim(faults={"launch answer lost": 15}),
        patches=(Patch(where="jobsched.engine.place:Place.of", make=_another_token),),
    ),
    Mutation(
        name="random token per launch",
        broken="the token of a launch is another one each time that it is made",
        caught_by=("no leak",),
        lossy=True,
        nets_off=("reaper", "dead man", "machine asks"),
        also=(NOBODY_ASKS,),
        aim=Aim(),
        patches=(Patch(where="jobsched.secrets:ConfiguredSecrets.token", make=_made_anew),),
    ),
    Mutation(
        name="a cancelled launch is sent again",
        broken="the unanswered request of a job that was cancelled is sent until it is answered",
        caught_by=("no late launch",),
        aim=Aim(faults={"launch question lost": 46, "cancelled around the start": 14}),
        patches=(Patch(where="jobsched.domain.due:_give_back", make=_sent_again),),
    ),
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
        also=(NOBODY_ASKS,),
        aim=Aim(faults={"launch answer lost": 15}),
        patches=(Patch(where="jobsched.engine.provision:call", make=_refused_in_doubt),),
    ),
    Mutation(
        name="not shown is gone",
        broken="a machine that is on no list is gone, however young it is",
        caught_by=("no leak",),
        nets_off=("reaper", "dead man", "machine asks"),
        also=(NOBODY_ASKS,),
        aim=Aim(faults={"machine shown very late": 10}),
        patches=(Patch(where="jobsched.engine.sweep:shown", make=always(LONG_AGO)),),
    ),
)

__all__ = ["LAUNCHES"]
