"""Rules of the record: what is saved, what is kept, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jobsched.domain import facts
from jobsched.errors import StaleWrite
from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.mutations.mutation import Mutation
from jobsched.testing.simulator.mutations.patch import Patch


def _whatever_was_asked(causes: Any) -> Any:
    del causes
    return lambda outcome: frozenset({"before_start", "error", "timeout", "interruption"})


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


def _hint_is_the_end(hinted: Any) -> Any:
    """A machine's word that its container has ended is its end, and a good one."""
    del hinted


RECORDS = (
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
