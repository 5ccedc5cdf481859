"""The answer as one JSON object. Times are seconds; the same scenario and seed give the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from jobsched.testing.simulator.scenario.answer import Answer, percentile
from jobsched.testing.simulator.scenario.caps import Reached
from jobsched.testing.simulator.scenario.line import most
from jobsched.testing.simulator.scenario.scenario import Group
from jobsched.testing.simulator.scenario.words import sentences

CENTS = 4


def document(answer: Answer) -> dict[str, Any]:
    """Give all figures, and the sentences."""
    fates = answer.fates
    return {
        "seed": answer.played.seed,
        "jobs": len(fates),
        "finished": sum(one.finished for one in fates),
        "failed": answer.failed,
        "retried": sum(one.attempts > 1 for one in fates),
        "start_lateness_seconds": _spread(answer.late),
        "groups": [_group(answer, group) for group in answer.played.scenario.groups],
        "late": _late(answer),
        "waited_for_caps": {"jobs": len(answer.waited), "seconds": _spread(answer.waited)},
        "caps": {one.name: _cap(one) for one in answer.caps},
        "machines": _machines(answer),
        "cost_usd": {
            "total": round(float(answer.cost), CENTS),
            "per_job": round(float(answer.cost / len(fates)), CENTS),
        },
        "lasted_seconds": _seconds(answer.lasted),
        "sentences": sentences(answer),
    }


def _group(answer: Answer, group: Group) -> dict[str, Any]:
    fates = answer.of(group)
    late = sorted(one.late for one in fates if one.late is not None)
    return {
        "name": group.name,
        "jobs": len(fates),
        "finished": sum(one.finished for one in fates),
        "start_lateness_seconds": _spread(late),
    }


def _late(answer: Answer) -> dict[str, Any]:
    limit = answer.played.scenario.late
    return {
        "limit_seconds": _seconds(limit),
        "started": sum(late > limit for late in answer.late),
        "ended": sum(one.ended_late > limit for one in answer.fates),
        "never_started": len(answer.fates) - len(answer.late),
    }


def _machines(answer: Answer) -> dict[str, Any]:
    return {
        "launched": len(answer.launches),
        "spot": answer.markets["spot"],
        "on_demand": answer.markets["on-demand"],
        "most_at_one_time": most(answer.line),
        "reclaimed": answer.played.reclaimed,
        "requests_refused": answer.refusals,
        "hours": round(answer.hours / timedelta(hours=1), 3),
    }


def _cap(one: Reached) -> dict[str, Any]:
    return {
        "cap": one.cap,
        "reached_seconds": _seconds(one.lasted),
        "jobs_waited": one.jobs,
        "longest_wait_seconds": _seconds(one.longest),
    }


def _spread(times: Sequence[timedelta]) -> dict[str, float]:
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: _seconds(percentile(times, share)) for name, share in shares.items()}


def _seconds(time: timedelta) -> float:
    return round(time.total_seconds(), 3)


__all__ = ["document"]
