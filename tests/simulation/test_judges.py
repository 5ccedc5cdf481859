"""Each promise can be broken in a whole world: nobody watches in vain who was left out of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jobsched.contracts.provider import Caps
from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.mutations.catalogue import MUTATIONS
from jobsched.testing.simulator.mutations.mutation import Mutation
from jobsched.testing.simulator.mutations.patch import Patch, instead
from jobsched.testing.simulator.mutations.search import search
from jobsched.testing.simulator.promise import PROMISES

#: worlds that are looked at of each size: all that is broken here is soon seen
WORLDS, SIZES = 40, (4, 12)
#: a world in which a plugin is told of each change
TOLD = Patch(where="jobsched.testing.simulator.world:TOLD", make=instead(1.0))


def _raises(due: Any) -> Any:
    del due

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    return broken


def _same_revision(replace: Any) -> Any:
    def broken(one: Any, /, **changes: Any) -> Any:
        changes.pop("rev", None)
        return replace(one, **changes)

    return broken


def _without_caps(intend: Any) -> Any:
    async def broken(parts: Any, job: Any, *decided: Any, caps: Any = None) -> Any:
        del caps
        return await intend(parts, job, *decided)

    return broken


def _nothing_is_done(work: Any) -> Any:
    del work

    async def broken(*_: Any) -> None:
        pass

    return broken


def a_rule(promise: str, where: str, make: Any, **aim: Any) -> Mutation:
    """Give a world in which something is broken, by which a promise breaks."""
    patch = Patch(where=where, make=make)
    return Mutation(
        name=where,
        broken=where,
        caught_by=(promise,),
        patches=(patch,),
        also=(TOLD,),
        aim=Aim(**aim),
    )


BEGIN = "jobsched.engine.begin:intend"
RULES = [
    a_rule("no bug", "jobsched.worker.dispatch:due", _raises),
    a_rule("nothing lost", "jobsched.worker.dispatch:advance", _nothing_is_done),
    a_rule("revisions grow", "jobsched.store.memory_records:replace", _same_revision),
    a_rule("cap hourly", BEGIN, _without_caps, caps=Caps(hourly=3)),
    a_rule("cap pace", BEGIN, _without_caps, caps=Caps(per_second=0.1)),
    a_rule("told", "jobsched.hooks.notify:Teller.job_changed", _nothing_is_done),
    a_rule(
        "no quarantine",
        "jobsched.engine.reconcile:_try_again",
        _nothing_is_done,
        faults={"record unreadable": 2},
    ),
    # what breaks with a mutation besides the promise that is named for it
    *(
        replace(MUTATIONS[name], caught_by=(promise,))
        for promise, name in (
            ("no overlap", "no withdrawal"),
            ("at most once", "retry of what was not asked"),
            ("true code", "hints are believed"),
            ("legal transition", "write without compare and set"),
            ("legal fact", "an end is overwritten"),
            ("indexes agree", "no next look"),
        )
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=[one.caught_by[0] for one in RULES])
def test_a_promise_is_watched_in_whole_worlds(rule: Mutation) -> None:
    """It breaks in some world with a rule that is broken, and in the same one without it not."""
    found = search(replace(rule, sizes=SIZES, worlds=WORLDS))
    assert found.is_good, (found.worlds, found.flaws)


def test_each_promise_is() -> None:
    """Here, or by a mutation that is named for it, and for no other one."""
    names = [one.caught_by for one in (*MUTATIONS.values(), *RULES)]
    assert {first for first, *others in names if not others} == PROMISES.keys()
