"""The judge: which promises were broken, by what was seen from outside. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final, Literal

from benchmarks.chaos.evidence import Entry, Evidence, Run

ENDED: Final = frozenset({"finished", "failed", "cancelled"})
#: clocks of one host, read by several processes
SKEW: Final = timedelta(seconds=0.5)
#: reasons that a job may end with because of the faults alone: the answer about its container or
#: its machine never came
EXPLAINED: Final = frozenset({"outcome_unknown", "machine_lost"})

Promise = Literal[
    "lost",
    "accepted twice",
    "double start",
    "overlap",
    "false finished",
    "undeserved end",
    "changed end",
    "early start",
    "start after the end",
    "odd answer",
    "left",
]
PROMISES: Final[tuple[Promise, ...]] = Promise.__args__  # type: ignore[attr-defined] # of Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A broken promise."""

    promise: Promise
    #: the job's id; empty: of no job
    job: str
    detail: str


def judge(seen: Evidence) -> list[Breach]:
    """Find every broken promise."""
    found = [*_of_acceptance(seen), *_of_runs(seen)]
    for entry in seen.book:
        if entry.id in seen.documents:
            found += _of_job(seen, entry, seen.documents[entry.id])
    return found + [Breach(promise="left", job="", detail=one) for one in seen.left]


def explained(seen: Evidence) -> list[str]:
    """Give the reasons of jobs that did not end as they deserve, because of the faults alone."""
    reasons = (str(one["reason"]) for one in seen.documents.values())
    return sorted(reason for reason in reasons if reason in EXPLAINED)


def _of_acceptance(seen: Evidence) -> Iterator[Breach]:
    known = {entry.id for entry in seen.book}
    for entry in seen.book:
        number = f"job number {entry.script.number}"
        if not entry.ids:
            yield Breach(promise="lost", job="", detail=f"{number} was never acknowledged")
        elif entry.id not in seen.documents:
            yield Breach(promise="lost", job=entry.id, detail="the API does not know it")
        for other in entry.ids[1:]:
            yield Breach(promise="accepted twice", job=other, detail=f"{number}: also {entry.id}")
        for answer in entry.odd_answers:
            yield Breach(promise="odd answer", job=entry.id, detail=answer)
    for job in seen.listed:
        if job not in known:
            yield Breach(promise="accepted twice", job=job, detail="nobody was told of it")


def _of_runs(seen: Evidence) -> Iterator[Breach]:
    for witness, runs in seen.runs.items():
        by_attempt: dict[tuple[str, int], list[Run]] = defaultdict(list)
        by_job: dict[str, list[Run]] = defaultdict(list)
        for run in sorted(runs, key=lambda one: one.started_at):
            by_attempt[run.job, run.attempt].append(run)
            by_job[run.job].append(run)
        for (job, attempt), several in by_attempt.items():
            if len(several) > 1:
                detail = f"attempt {attempt}, by {witness}: {_told(several)}"
                yield Breach(promise="double start", job=job, detail=detail)
        for job, several in by_job.items():
            for earlier, later in pairwise(several):
                if earlier.ended_at is None or later.started_at < earlier.ended_at:
                    detail = f"by {witness}: {_told([earlier, later])}"
                    yield Breach(promise="overlap", job=job, detail=detail)


def _of_job(seen: Evidence, entry: Entry, document: Any) -> Iterator[Breach]:
    end = (document["status"], str(document["reason"]))
    if end[0] not in ENDED:
        yield Breach(promise="lost", job=entry.id, detail=f"it never ended: {end[0]}")
        return
    if entry.first_end not in {None, end}:
        detail = f"first {entry.first_end}, then {end}"
        yield Breach(promise="changed end", job=entry.id, detail=detail)
    for witness, several in seen.runs.items():
        runs = [run for run in several if run.job == entry.id]
        for wrong in (*_of_start(entry, document, runs), *_of_end(entry, document, runs)):
            yield Breach(
                promise=wrong.promise, job=entry.id, detail=f"{wrong.detail} (by {witness})"
            )


def _of_start(entry: Entry, document: Any, runs: Sequence[Run]) -> Iterator[Breach]:
    ends = {one["attempt"]: one["at"] for one in concluded(document)}
    for run in runs:
        if run.started_at < entry.schedule - SKEW:
            detail = f"{_told([run])}; its time is {entry.schedule}"
            yield Breach(promise="early start", job=entry.id, detail=detail)
        end = ends.get(run.attempt)
        if end is not None and run.started_at > end + SKEW:
            detail = f"{_told([run])}; its outcome was known at {end}"
            yield Breach(promise="start after the end", job=entry.id, detail=detail)


def _of_end(entry: Entry, document: Any, runs: Sequence[Run]) -> Iterator[Breach]:
    script, status, reason = entry.script, document["status"], str(document["reason"])
    if status == "finished":
        last = max((run.attempt for run in runs), default=0)
        if not any(run.code == 0 for run in runs if run.attempt == last):
            detail = f"no container of it exited with 0: {_told(runs)}"
            yield Breach(promise="false finished", job=entry.id, detail=detail)
    if reason in EXPLAINED:
        return
    wrong = ""
    if reason not in script.ends:
        wrong = f"{script.kind} ended with {reason}: {document['message']}"
    elif script.code is not None and document["exit_code"] != script.code:
        wrong = f"{script.kind} has exit code {document['exit_code']}, not {script.code}"
    elif not _may_have_run(script.attempts, len({run.attempt for run in runs})):
        wrong = f"{script.kind} ran in other attempts than told to: {_told(runs)}"
    if wrong:
        yield Breach(promise="undeserved end", job=entry.id, detail=wrong)


def _may_have_run(wanted: int | None, ran: int) -> bool:
    return ran <= 1 if wanted is None else ran == wanted


def concluded(document: Any) -> Iterator[dict[str, Any]]:
    """Give attempt and time of each outcome, as the job's timeline tells them."""
    for event in document["timeline"]:
        if event["event"] == "concluded":
            yield {"attempt": event["attempt"], "at": datetime.fromisoformat(event["at"])}


def _told(runs: Sequence[Run]) -> str:
    return "; ".join(
        f"attempt {run.attempt} in {run.where[:12]} from {run.started_at.time()} to "
        f"{run.ended_at.time() if run.ended_at else '?'}, code {run.code}"
        for run in runs
    )


__all__ = ["ENDED", "EXPLAINED", "PROMISES", "Breach", "concluded", "explained", "judge"]
