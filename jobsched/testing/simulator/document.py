"""What came of many worlds, as a document and as rows for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from jobsched.testing.simulator.faults import FAULTS, WISHES
from jobsched.testing.simulator.money import percentile
from jobsched.testing.simulator.report import Report

#: how late jobs began: the parts that are shown
PARTS: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
#: what is to be reached, for people
WORDS: Final = {
    "transitions": "transitions reached",
    "state_facts": "facts in states reached",
    "crash_points": "crash points reached",
    "pause_points": "pauses reached",
}


def document(report: Report) -> dict[str, Any]:
    """Give it as JSON: `jobsched simulate --json`."""
    money = report.money
    return {
        "jobs": report.jobs,
        "worlds": report.worlds,
        "faults": {kind: report.faults[kind] for kind in sorted({*FAULTS, *_struck(report)})},
        # what people ask for that is hard to do right: no faults
        "wishes": {kind: report.faults[kind] for kind in sorted(WISHES)},
        "violations": report.violations,
        "broken": [
            {"seed": one.seed, "jobs": one.setting.jobs, "promises": one.violations}
            for one in report.failed
        ],
        "machines": money.machines,
        "counted_jobs": money.jobs,
        "extra_machines_per_1000": round(money.extra_per_1000, 2),
        "extra": dict(sorted(money.extra.items())),
        "lost_acceptances": money.lost_acceptances,
        "lost_cancels": money.lost_cancels,
        "undone_ends": money.undone_ends,
        "limits": dict(sorted(money.limits.items())),
        "orphan_seconds": {part: round(seconds, 1) for part, seconds in money.orphans.items()},
        "start_lateness_seconds": {
            name: round(percentile(part, money.late_seconds), 1) for name, part in PARTS.items()
        },
        "coverage": {
            kind: {"reached": reached, "required": required}
            for kind, (reached, required) in report.coverage.summary().items()
        },
        "simulated_hours": round(report.simulated_seconds / 3600, 1),
        "seconds": round(report.seconds, 1),
    }


def _struck(report: Report) -> Counter[str]:
    return Counter({kind: n for kind, n in report.faults.items() if n and kind not in WISHES})


def rows(report: Report) -> Iterator[tuple[str, str]]:
    """Give what people look at."""
    told, money = document(report), report.money
    orphans, late = told["orphan_seconds"], told["start_lateness_seconds"]
    yield "jobs", f"{report.jobs:,} in {report.worlds:,} worlds"
    struck = _struck(report)
    yield "faults", f"{struck.total():,} of {len(struck)} kinds"
    yield "wishes", f"{sum(told['wishes'].values()):,} of {len(WISHES)} kinds"
    yield "violations", f"{report.violations}"
    yield "machines", f"{money.machines:,}"
    per_1000 = f"{told['extra_machines_per_1000']:g} per 1,000 jobs"
    yield "extra machines", f"{per_1000}, of {money.jobs:,} that count"
    if money.lost_acceptances:
        yield "acceptances lost", f"{money.lost_acceptances}, each posted again"
    if money.lost_cancels:
        yield "cancels lost", f"{money.lost_cancels}"
    if money.undone_ends:
        yield "ends undone", f"{money.undone_ends}, each job ended again"
    for why, times in sorted(money.limits.items()):
        yield "started again", f"{times}: {why}"
    yield "orphans", f"p99 {orphans['p99']:g} s, max {orphans['max']:g} s"
    yield "start lateness", ", ".join(f"{part} {seconds:g} s" for part, seconds in late.items())
    for kind, (reached, required) in report.coverage.summary().items():
        yield WORDS[kind], f"{reached} of {required}"
    yield "simulated", f"{told['simulated_hours']:g} hours in {report.seconds:.1f} s"


__all__ = ["document", "rows"]
