"""The contract of planners as tests."""

from __future__ import annotations

import asyncio
import copy
import re
from datetime import datetime, timedelta

import pytest

from jobsched.contracts.planner import Planner
from jobsched.domain import facts
from jobsched.domain.job import Job, Plan
from jobsched.domain.record import record
from jobsched.store import codec
from jobsched.testing.conformance.breach import Broken, expect
from jobsched.testing.conformance.planning import Planning
from jobsched.testing.conformance.promise import promised

WORD = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
#: characters that a reason may have
LONGEST_WHY = 200
#: real time between two questions, which a plan must not show
LATER = timedelta(milliseconds=20)


class PlannerConformance:
    """Subclass it as ``Test…``, give the fixture ``planner``, and run pytest.

    The planner is asked about first attempts and retries, long before and long after their time,
    with and without a history.

    Fixtures:
        planner: what is tested.
    """

    @pytest.fixture
    def planning(self, planner: Planner) -> Planning:
        """The planner, and what it is asked."""
        return Planning(planner)

    @promised(
        by=Planner,
        that="the name in the configuration",
        do="Use a word of small letters, digits and _, at most 63.",
    )
    async def test_the_name_is_a_word(self, planning: Planning) -> None:
        """The planner has a name that can stand in a configuration."""
        name = getattr(planning.planner, "name", None)
        expect(WORD.match(str(name)), f"name is {name!r}")

    @promised(
        by=Planner.plan,
        that="it never raises, whatever the job, the history and the time",
        do="Plan as well as it goes: with an empty history, and when the schedule is long past.",
    )
    async def test_it_never_raises(self, planning: Planning) -> None:
        """A planner that raises ends the attempt."""
        for asked in planning.questions:
            planning.plan(asked)

    @promised(
        by=Planner.plan,
        that="Say when the next attempt of the job asks for its machine and when its container "
        "starts.",
        do="Return jobsched.domain.job.Plan(provision_at=…, start_at=…, why=…).",
    )
    async def test_it_gives_a_plan(self, planning: Planning) -> None:
        """Nothing else will do, whatever it is asked."""
        for asked, plan in planning.plans():
            expect(isinstance(plan, Plan), f"asked about {asked.what}, it gave {plan!r}")

    @promised(
        by=Planner.plan,
        that="Times are aware, in UTC",
        do="Work with the times of the job and with now, which are; turn others with "
        ".astimezone(UTC).",
    )
    async def test_its_times_are_in_utc(self, planning: Planning) -> None:
        """A naive time cannot be compared with the others."""
        for asked, plan in planning.plans():
            for name in ("provision_at", "start_at"):
                at = getattr(plan, name, None)
                is_utc = isinstance(at, datetime) and at.utcoffset() == timedelta(0)
                expect(is_utc or at is None, f"asked about {asked.what}, {name} is {at!r}")

    @promised(
        by=Planner.plan,
        that="why is one line for people, of at most 200 characters, or empty",
        do="Say in a few words what decided; it is shown in GET /status.",
    )
    async def test_its_reason_is_a_line(self, planning: Planning) -> None:
        """People read it beside the times."""
        for asked, plan in planning.plans():
            why: object = getattr(plan, "why", "")
            is_line = isinstance(why, str) and len(why) <= LONGEST_WHY and why.isprintable()
            expect(is_line, f"asked about {asked.what}, why is {why!r}")

    @promised(
        by=Planner.plan,
        that="Pure",
        do="Take the time from now, and nothing from the clock, the environment or an earlier "
        "call: the same question has one answer.",
    )
    async def test_the_same_question_has_one_answer(self, planning: Planning) -> None:
        """Asked again later, after all others, it says the same."""
        first = list(planning.plans())
        await asyncio.sleep(LATER.total_seconds())
        for (asked, plan), (_, again) in zip(first, planning.plans(), strict=False):
            expect(plan == again, f"asked about {asked.what}, it gave {plan}, and later {again}")

    @promised(by=Planner.plan, that="Pure", do="Change nothing in the job: copy what you sort.")
    async def test_it_changes_no_job(self, planning: Planning) -> None:
        """The record is the core's."""
        before = copy.deepcopy([asked.job for asked in planning.questions])
        for _ in planning.plans():
            pass
        after = [asked.job for asked in planning.questions]
        expect(before == after, "the job is another one after the call")

    @promised(
        by=Planner.plan,
        that="Pure",
        do="Look nothing up: what you need from outside, fetch in a task (services.spawn.task) "
        "and keep.",
        may_block=False,
    )
    async def test_it_answers_at_once(self, planning: Planning) -> None:
        """It is called in the event loop, also while a job is posted."""
        for _ in planning.plans():
            # so that each plan is looked at by itself
            await asyncio.sleep(0)

    @promised(
        by=Planner.plan,
        that="The core moves start_at to no earlier than the job's schedule and the end of the "
        "back-off",
        do="Give times between the years 2000 and 3000.",
    )
    async def test_its_plan_can_be_kept(self, planning: Planning) -> None:
        """The plan opens the attempt, is stored, and comes back."""
        for asked, plan in planning.plans():
            # what is no plan, or has other times, is told by other tests
            if _is_aware(getattr(plan, "start_at", None), getattr(plan, "provision_at", None)):
                _kept(asked.job, plan, asked.what)


def _is_aware(*times: object) -> bool:
    return all(isinstance(at, datetime) and at.utcoffset() is not None for at in times)


def _kept(job: Job, plan: Plan, what: str) -> None:
    try:
        start_at = max(plan.start_at, job.spec.schedule)
        number = job.attempt.no + 1 if job.attempt else 1
        opened = record(job, facts.Planned(at=start_at, attempt=number, plan=plan))
        read = codec.decode(codec.encode(opened))
    except Exception as error:
        raise Broken(
            f"asked about {what}, it gave {plan}, which cannot be kept: {error}"
        ) from error
    expect(read == opened, f"asked about {what}, it gave {plan}, which comes back as another")


__all__ = ["PlannerConformance"]
