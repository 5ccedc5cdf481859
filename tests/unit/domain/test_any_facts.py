"""A record that is told anything, true or not, in any order, keeps every rule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from jobsched.domain import facts
from jobsched.domain.job import Instance, Job
from jobsched.domain.state import current, is_gone, last_try
from tests.unit.domain.example import ALWAYS, HOUR, SECOND, a_job, told
from tests.unit.domain.invariant import check

MOMENTS = st.sampled_from([0, 0, 1, 10, 60, 600, 3600, 86_400]).map(lambda s: timedelta(seconds=s))
VARIANTS: dict[type[facts.Fact], dict[str, list[Any]]] = {
    facts.Offered: {"offers": [told(facts.Offered).offers, ()]},
    facts.GivenUp: {"reason": ["expired", "plugin_error", "finished", "cancelled"]},
    facts.Provisioned: {
        "instance": [Instance(id="i-1"), Instance(id="i-2")],
        "ready": [True, False],
    },
    facts.Ready: {"instance_id": ["", "i-1", "i-2"], "certificate": ["", "one", "two"]},
    facts.Gone: {
        "why": [
            *("terminated", "never_seen", "refused"),
            *("interrupted", "machine_lost", "abandoned"),
        ]
    },
    facts.Stopping: {
        "why": ["cancel", "timeout", "interruption"],
        "grace": [None, SECOND, 100 * SECOND],
    },
    facts.Interrupted: {"until": [None, HOUR - 60 * SECOND, HOUR + 120 * SECOND]},
    facts.Warned: {"kind": ["interruption", "rebalance"], "failure": ["", "time_out"]},
    facts.Ended: {"code": [0, 1, 137, None], "start_failed": [False, False, True]},
    facts.CommandFailed: {
        "command": ["plan", "provision", "find", "prepare", "start", "terminate"]
    },
    facts.Begun: {"destroys_machine": [True, False]},
}
#: most facts are about what is there, so that deep states are reached
NEAR = [0, 0, 0, 0, 0, 1, -1]


def _next(job: Job) -> type[facts.Fact]:
    """Give the kind of fact that brings the job on."""
    attempt = job.attempt
    if attempt is None or (attempt.outcome and all(is_gone(one) for one in attempt.launches)):
        return facts.Planned
    launch = attempt.launches[-1] if attempt.outcome else current(attempt)
    if launch is None:
        return facts.Begun
    if launch.released_at or launch.logs_at or attempt.outcome:
        return facts.Removed if launch.gone_at else facts.Gone
    last = last_try(launch)
    if last is None or last.not_started_at:
        missing = facts.Prepared if launch.ready_at else facts.Ready
        return missing if launch.instance else facts.Provisioned
    if last.started_at:
        return facts.Ended
    return facts.Started if last.granted_at else facts.StartGranted


class AnyFacts(RuleBasedStateMachine):
    """Tell one job anything."""

    @initialize(late=st.booleans())
    def accept(self, late: bool) -> None:  # noqa: FBT001 - a drawn value
        """Accept a job."""
        self.job = a_job(retry=ALWAYS)
        self.now = HOUR if late else HOUR - 3600 * SECOND
        self.last: facts.Fact | None = None

    def tell(self, kind: type[facts.Fact], data: st.DataObject, near: list[int]) -> None:
        """Tell a fact of a kind, mostly about the current launch and try."""
        attempt = self.job.attempt
        launches = attempt.launches if attempt else ()
        tries = launches[-1].tries if launches else ()
        ahead = {facts.Planned: (1, 0, 0), facts.Begun: (0, 1, 0), facts.Prepared: (0, 0, 1)}
        more = ahead.get(kind, (0, 0, 0))
        bases = (attempt.no if attempt else 0, len(launches), len(tries) - 1)
        picks = [data.draw(st.sampled_from(near)) for _ in range(3)]
        number, launch, no = (a + b + c for a, b, c in zip(bases, more, picks, strict=True))
        chosen = {
            name: data.draw(st.sampled_from(values))
            for name, values in VARIANTS.get(kind, {}).items()
        }
        fact = told(kind, self.now, attempt=number, launch=launch, no=no, **chosen)
        self.job = check(self.job, fact, self.now)
        self.last = fact

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """Tell the next fact of a good attempt."""
        self.tell(_next(self.job), data, [0])

    @rule(data=st.data(), kind=st.sampled_from(facts.KINDS))
    def disturb(self, data: st.DataObject, kind: type[facts.Fact]) -> None:
        """Tell anything."""
        self.tell(kind, data, NEAR)

    @rule(pause=MOMENTS)
    def tick(self, pause: timedelta) -> None:
        """Let time go by."""
        self.now += pause

    @precondition(lambda self: self.last is not None)
    @rule()
    def repeat(self) -> None:
        """Tell the last fact again, later."""
        assert self.last is not None
        self.job = check(self.job, self.last, self.now)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_no_facts_break_a_rule() -> None:
    """Whatever is told: `due` is total, terminal is final, nothing starts twice."""
    from hypothesis.stateful import run_state_machine_as_test

    limits = settings(max_examples=150, stateful_step_count=60, deadline=None, derandomize=True)
    run_state_machine_as_test(AnyFacts, settings=limits)
