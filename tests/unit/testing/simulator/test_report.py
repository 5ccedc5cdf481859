"""What came of many worlds, and whether it is what must come of them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import pytest

from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.document import document
from jobsched.testing.simulator.money import Money
from jobsched.testing.simulator.report import Report
from jobsched.testing.simulator.result import Result
from jobsched.testing.simulator.world import Setting, tell


def _report(*results: Result, **setting: Any) -> Report:
    report = Report(setting=Setting(**setting))
    for one in results:
        report.add(one)
    return report


def _result(extra: int = 0, orphans: tuple[float, ...] = (), **setting: Any) -> Result:
    money = Money(
        machines=110, jobs=100, extra={"why": extra} if extra else {}, orphan_seconds=[*orphans]
    )
    return Result(seed=1, setting=Setting(**setting), money=money)


def test_jobs_of_worlds_that_are_not_counted_are_not_counted() -> None:
    """One machine too many in one world, beside nine where nobody looks: 10 of 1,000, not 1."""
    nobody = dataclasses.replace(_result(), money=Money(machines=110))
    told = document(_report(_result(extra=1), *[nobody] * 9))
    assert (told["jobs"], told["counted_jobs"]) == (1000, 100)
    assert told["extra_machines_per_1000"] == 10
    assert told["machines"] == 1100


def test_where_nobody_counts_there_is_nothing_too_much() -> None:
    """No job counts: no division by nought."""
    told = document(_report(dataclasses.replace(_result(), money=Money())))
    assert (told["counted_jobs"], told["extra_machines_per_1000"]) == (0, 0)


@pytest.mark.parametrize("is_put_back", [True, False])
def test_a_world_with_a_backup_does_not_count(*, is_put_back: bool) -> None:
    """Neither its machines nor its jobs."""
    aim = Aim(faults={}, is_put_back=is_put_back)
    told = tell(1, Setting(jobs=5, heat=0, aim=aim))
    assert told.money.jobs == (0 if is_put_back else 5)
    assert bool(told.money.orphan_seconds) != is_put_back
    assert told.money.machines > 0


@pytest.mark.parametrize("other", [{"heat": 3.0}, {"lossy": True}])
def test_kept_worlds_of_another_setting_do_not_count(other: dict[str, Any]) -> None:
    """Their promises do, and their faults; a smaller one counts like any other."""
    kept = dataclasses.replace(
        _result(extra=5, orphans=(901.0,), **other),
        violations=["no leak: m"],
        faults=Counter(reclaim=3),
    )
    report = _report(kept, _result(jobs=7))
    assert report.money.jobs == 100
    assert list(report.unmet()) == []
    assert (report.violations, report.faults["reclaim"], report.jobs) == (1, 3, 107)


def test_each_figure_that_is_not_met_is_told() -> None:
    """A sentence for each."""
    orphans = (901.0, *[301.0] * 2, *[0.0] * 97)
    assert list(_report(_result(extra=1, orphans=orphans)).unmet()) == [
        "10.00 extra machines per 1,000 jobs are more than 1",
        "orphans: p99 301 s is more than 300 s",
        "orphans: max 901 s is more than 900 s",
    ]


def test_figures_that_are_just_met_are_met() -> None:
    """One machine too many for 1,000 jobs, and orphans of 5 and of 15 minutes."""
    orphans = (900.0, *[300.0] * 9, *[0.0] * 90)
    results = [_result(orphans=orphans)] * 9
    assert list(_report(_result(extra=1), *results).unmet()) == []


def test_a_store_that_forgets_may_have_more_machines() -> None:
    """It forgets launches, and who was to end one; most machines stay on no longer."""
    result = _result(extra=9, orphans=(901.0,), lossy=True)
    assert [one.split(":")[0] for one in _report(result, lossy=True).unmet()] == ["orphans"]


def test_beyond_heat_1_no_figure_is_asked_for() -> None:
    """Promises are; at less than 1 there is less reason for what is too much."""
    for heat, number in ((1.5, 0), (0.5, 1)):
        assert len(list(_report(_result(extra=9, heat=heat), heat=heat).unmet())) == number
