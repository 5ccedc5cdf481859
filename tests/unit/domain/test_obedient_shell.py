"""A shell that does what `due` says, in a world where everything goes wrong, keeps the promises.

One start for each attempt, no overlap, no false success, no machine left on; and when the bad luck
ends, so does the job.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jobsched.domain import facts
from jobsched.domain.due import due
from jobsched.domain.job import Job
from jobsched.domain.state import state_of
from tests.unit.domain.example import ALWAYS, a_job, told
from tests.unit.domain.world import LUCK, World

PAUSES = st.sampled_from([1, 1, 10, 60, 300, 4000]).map(lambda s: timedelta(seconds=s))
EVENTS = (
    *("ready", "ready", "ready", "boot_failed", "interrupted", "lost", "start_arrives"),
    *("exits", "fails", "fails", "lies", "interrupted_soon", "at_risk"),
)
#: steps and waits that any job needs to its end once all goes well
ENOUGH = 300


class ObedientShell(RuleBasedStateMachine):
    """Carry out what is due, with any luck; let anything happen; tell news late, twice or never."""

    @initialize(
        destroys_machine=st.booleans(),
        head_start=st.sampled_from([0, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        cancelled=st.sampled_from([0, 0, 0, 1, 3, 9]),
    )
    def accept(self, destroys_machine: bool, head_start: int, cancelled: int) -> None:  # noqa: FBT001 - drawn
        """Accept a job that goes well at first; its user may cancel at one of the steps."""
        self.world = World(a_job(retry=ALWAYS), destroys_machine=destroys_machine)
        self.steps, self.cancelled = 0, -1
        self.backup: Job | None = None
        for _ in range(head_start):
            self.go_well("ready")
        self.cancelled = self.steps + cancelled if cancelled else -1

    def go_well(self, *events: str) -> None:
        """Carry out what is due; where nothing is, let what is hoped for happen, and wait."""
        if self._step("good"):
            return
        for what in events if self.world.machines else ():
            self.world.happens(what)
        self.world.sweep()

    @rule(steps=st.integers(1, 4))
    def go_on(self, steps: int) -> None:
        """Carry out what is due, with good luck; where nothing is, wait until something is."""
        for _ in range(steps):
            self._step("good")

    @rule(luck=st.sampled_from(LUCK))
    def step(self, luck: str) -> None:
        """Carry out what is due, with any luck."""
        self._step(luck)

    def _step(self, luck: str) -> bool:
        self.steps += 1
        if self.steps == self.cancelled:
            self.world.tell(told(facts.CancelRequested, self.world.now))
        if self.world.step(luck):
            return True
        self.wait()
        return False

    def wait(self) -> None:
        """Let time go by until something is due."""
        wanted = due(self.world.job, self.world.now)
        self.world.now = max(self.world.now, wanted.look_again_at or self.world.now)

    @rule(pause=PAUSES)
    def tick(self, pause: timedelta) -> None:
        """Let time go by: the worker is late, or dead."""
        self.world.now += pause

    @precondition(lambda self: self.world.machines)
    @rule(what=st.sampled_from(EVENTS))
    def event(self, what: str) -> None:
        """Let something happen to the newest machine."""
        self.world.happens(what)
        self.world.check()

    @precondition(lambda self: self.world.news)
    @rule(data=st.data(), twice=st.booleans())
    def callback(self, data: st.DataObject, twice: bool) -> None:  # noqa: FBT001 - a drawn value
        """Tell a piece of news, out of order, perhaps once more later, perhaps never."""
        fact = data.draw(st.sampled_from(self.world.news))
        if not twice:
            self.world.news.remove(fact)
        self.world.tell(fact)

    @precondition(lambda self: self.backup is None)
    @rule()
    def back_up(self) -> None:
        """Make a copy of the record."""
        self.backup = self.world.job

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self) -> None:
        """Put the copy back in the place of what is known by now."""
        assert self.backup is not None
        self.world.put_back(self.backup)
        self.backup = None

    @precondition(lambda self: self.world.machines)
    @rule()
    def sweep(self) -> None:
        """Look at all machines."""
        self.world.sweep()

    def teardown(self) -> None:
        """The bad luck is over: the job comes to its end."""
        if not hasattr(self, "world"):
            return
        world = self.world
        for _ in range(ENOUGH):
            if state_of(world.job).is_terminal:
                break
            self.go_well("ready", "exits")
        assert state_of(world.job).is_terminal, "a job that does not end"
        world.check()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_promises_are_kept_in_a_bad_world() -> None:
    """P2, P3, P5 and P6 hold at each step, and every job ends once the faults do (R9)."""
    limits = settings(max_examples=150, stateful_step_count=60, deadline=None, derandomize=True)
    run_state_machine_as_test(ObedientShell, settings=limits)
