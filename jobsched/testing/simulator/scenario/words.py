"""What limits, in a few sentences: the reason for the figures, and what would change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from jobsched.schemas.duration import human, written
from jobsched.testing.simulator.scenario.answer import Answer, percentile
from jobsched.testing.simulator.scenario.caps import CapName, Reached
from jobsched.testing.simulator.scenario.spread import P95

#: a shorter wait is nobody's concern
NOTABLE = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
#: what a cap counts
COUNTED: dict[CapName, str] = {
    "alive": "machine",
    "hourly": "launch",
    "per_second": "launch",
}
AFTER: dict[CapName, str] = {"alive": "", "hourly": " an hour", "per_second": " a second"}
#: reasons of an end for which a longer late_limit, or more capacity, would help
TOO_LATE = ("expired", "no_capacity")


def sentences(answer: Answer) -> list[str]:
    """Say what made jobs late, what was lost, and what to try; at least one sentence."""
    tellers: tuple[Callable[[Answer], Iterator[str]], ...] = (
        _caps,
        _boots,
        _refusals,
        _too_late,
        _reclaims,
    )
    found = [sentence for tell in tellers for sentence in tell(answer)]
    if found:
        return found
    late = percentile(answer.late, P95)
    within = f"95 % started within {human(late)} of their time"
    return [f"Nothing limits: no job waited for a cap, and {within}."]


def _caps(answer: Answer) -> Iterator[str]:
    for one in answer.caps:
        if one.longest < NOTABLE:
            continue
        yield (
            f"The cap of {_capped(one)} was reached for {human(one.lasted)};"
            f" {_many(one.jobs, 'job')} waited for it, the longest {human(one.longest)}."
        )


def _boots(answer: Answer) -> Iterator[str]:
    """Compare the lead with what a machine and its container need to be ready."""
    machines = answer.played.scenario.machines
    needed = sorted(
        one.tries[0].prepared_at - one.begun_at
        for one in answer.launches
        if one.tries and one.tries[0].prepared_at
    )
    p95 = percentile(needed, P95)
    if p95 <= machines.lead:
        return
    lead = MINUTE * -(-p95 // MINUTE)
    half = human(percentile(needed, 0.5))
    yield (
        f"Half of the containers were ready to start {half} after the request for their machine,"
        f" 95 % after {human(p95)}. Machines are asked for {human(machines.lead)} ahead:"
        f' lead = "{written(lead)}" would hide it{_if_posted(answer, lead)}.'
    )


def _if_posted(answer: Answer, lead: timedelta) -> str:
    """Nobody can ask for a machine before the job is there."""
    known = [one.ahead for one in answer.played.scenario.groups if one.ahead is not None]
    return (
        ", where jobs are posted as long before their time"
        if min(known, default=lead) < lead
        else ""
    )


def _refusals(answer: Answer) -> Iterator[str]:
    if answer.refusals:
        asked = answer.refusals + len(answer.launches)
        yield (
            f"{answer.refusals} of {_many(asked, 'request')} for a machine were refused for want of"
            f" capacity; {_many(answer.markets['on-demand'], 'machine')} of"
            f" {len(answer.launches)} were on-demand."
        )


def _too_late(answer: Answer) -> Iterator[str]:
    failed = sum(answer.failed.get(reason, 0) for reason in TOO_LATE)
    if failed:
        yield (
            f"{_many(failed, 'job')} never started: they found no machine within their late_limit."
        )


def _reclaims(answer: Answer) -> Iterator[str]:
    taken = answer.played.reclaimed
    if not taken:
        return
    lost = answer.failed.get("interrupted", 0)
    sentence = f"{_many(taken, 'machine')} {'was' if taken == 1 else 'were'} taken back"
    if lost:
        yield (
            f'{sentence}, and {_many(lost, "job")} failed for it: retry.on = ["interruption"]'
            " would run them again."
        )
    else:
        yield f"{sentence}, and no job failed for it."


def _capped(one: Reached) -> str:
    return f"{_many(one.cap, COUNTED[one.name])}{AFTER[one.name]}"


def _many(number: float, what: str) -> str:
    if number == 1:
        return f"1 {what}"
    return f"{number:g} {what}{'es' if what.endswith('ch') else 's'}"


__all__ = ["sentences"]
