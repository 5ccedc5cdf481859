"""What is told of a scenario is what anybody can work out by hand."""

import json
from decimal import Decimal
from typing import Any

import pytest

from jobsched.testing.simulator.scenario.answer import Answer, answered
from jobsched.testing.simulator.scenario.document import document
from jobsched.testing.simulator.scenario.play import play
from jobsched.testing.simulator.scenario.read import loaded

# hours go by in them, and the machine may be busy
pytestmark = pytest.mark.timeout(60)

#: a machine boots in ten seconds, and is gone in the moment in which it is not wanted any more
PLAIN = {
    "boot": "10s",
    "shutdown": 0,
    "lead": 0,
    "alive": "none",
    "hourly": "none",
    "per_second": "none",
    "spot_price": 0.036,
    "on_demand_price": 0.36,
}


def _asked(jobs: dict[str, Any], seed: int = 1, late: str = "1m", **machines: Any) -> Answer:
    group = {"prepare": 0, "runs": "60s", **jobs}
    world = {"jobs": [group], "machines": {**PLAIN, **machines}, "limits": {"evidence": 0}}
    scenario = loaded({**world, "late": late})
    return answered(play(scenario, seed=seed))


def _told(jobs: dict[str, Any], seed: int = 1, **asked: Any) -> dict[str, Any]:
    return document(_asked(jobs, seed, **asked))


def _late(answer: Answer) -> list[float]:
    return [late.total_seconds() for late in answer.late]


def test_one_after_another() -> None:
    """Three jobs and one machine at a time: each waits for those before it."""
    answer = _asked({"count": 3}, alive=1)
    assert _late(answer) == [10, 80, 150]
    told = document(answer)
    assert told["start_lateness_seconds"] == {"p50": 80, "p95": 150, "p99": 150, "max": 150}
    assert told["late"] == {"limit_seconds": 60, "started": 2, "ended": 2, "never_started": 0}
    assert told["waited_for_caps"]["jobs"] == 2
    assert told["waited_for_caps"]["seconds"]["max"] == 140
    assert told["caps"] == {
        "alive": {
            "cap": 1,
            "reached_seconds": 210,
            "jobs_waited": 2,
            "longest_wait_seconds": 140,
        }
    }
    assert told["machines"]["launched"] == 3
    assert told["machines"]["most_at_one_time"] == 1
    assert told["machines"]["hours"] == pytest.approx(210 / 3600, abs=0.001)
    assert told["lasted_seconds"] == 210
    assert told["sentences"][0] == (
        "The cap of 1 machine was reached for 3 min 30 s; 2 jobs waited for it, the longest"
        " 2 min 20 s."
    )


def test_the_cost_is_the_products_own() -> None:
    """Seventy seconds of a machine at 3.6 cents an hour, and a minute at the least."""
    assert _asked({"count": 3}, alive=1).cost == 3 * Decimal("0.0007")
    short = _asked({"count": 1, "runs": "1s"})
    assert short.cost == Decimal("0.0006")


def test_at_once_without_caps() -> None:
    """Each job has its machine at once: all are as late as the boot is long."""
    answer = _asked({"count": 5})
    assert _late(answer) == [10] * 5
    assert not answer.caps
    assert document(answer)["machines"]["most_at_one_time"] == 5


def test_an_image_is_pulled() -> None:
    """What comes between the boot and the start counts, too."""
    assert _late(_asked({"count": 1, "prepare": "20s"})) == [30]


def test_late_is_later_than_the_limit() -> None:
    """A job that is as late as the scenario bears is in time."""
    assert _told({"count": 2}, late="10s")["late"]["started"] == 0
    assert _told({"count": 2}, late="9s")["late"] == {
        "limit_seconds": 9,
        "started": 2,
        "ended": 2,
        "never_started": 0,
    }


def test_a_lead_hides_the_boot() -> None:
    """Machines that are asked for in time are ready in time; nothing limits then."""
    answer = _asked({"count": 2}, lead="10s")
    assert _late(answer) == [0, 0]
    assert document(answer)["sentences"] == [
        "Nothing limits: no job waited for a cap, and 95 % started within 0 s of their time."
    ]


def test_a_lead_helps_none_that_comes_late() -> None:
    """A job that is posted in the moment at which it is to run has no lead."""
    assert _late(_asked({"count": 1, "ahead": 0}, lead="1m")) == [10]


def test_the_wanted_lead_is_told() -> None:
    """Where machines boot for longer than they are asked for ahead, the sentence says the lead."""
    (sentence,) = _told({"count": 2}, boot="90s", lead="1m")["sentences"]
    assert sentence.endswith('lead = "2m" would hide it.')
    (sentence,) = _told({"count": 2, "ahead": "1m"}, boot="90s", lead="1m")["sentences"]
    assert sentence.endswith("would hide it, where jobs are posted as long before their time.")


def test_the_cap_of_an_hour() -> None:
    """The third launch waits until the first is an hour old."""
    answer = _asked({"count": 3}, hourly=2)
    assert _late(answer) == [10, 10, 3610]
    assert [one.name for one in answer.caps] == ["hourly"]
    assert "The cap of 2 launches an hour was reached" in document(answer)["sentences"][0]


def test_the_pace() -> None:
    """One launch every ten seconds: the first two may begin at once or one after the other."""
    answer = _asked({"count": 4}, per_second=0.1)
    assert _late(answer) == [10, 20, 30, 40]
    (pace,) = answer.caps
    assert (pace.name, pace.jobs, pace.longest.total_seconds()) == ("per_second", 3, 30)


def test_what_waits_for_room_does_not_wait_for_the_pace() -> None:
    """While all machines are taken it is their number that limits, and not the pace."""
    answer = _asked({"count": 3}, per_second=0.1, alive=2)
    assert _late(answer) == [10, 20, 80]
    # the third job's turn would have been in the 20th second; from the 10th on all were taken
    assert [(one.name, one.jobs, one.longest.total_seconds()) for one in answer.caps] == [
        ("alive", 1, 60),
        ("per_second", 2, 10),
    ]


def test_a_moment_is_no_wait() -> None:
    """Half a second in line for the pace is in the figures, and in no sentence."""
    told = _told({"count": 3}, per_second=2, lead="1m")
    assert told["caps"]["per_second"]["longest_wait_seconds"] == 0.5
    assert "cap of" not in " ".join(told["sentences"])


def test_too_late_is_told() -> None:
    """A job whose turn does not come within its late_limit never starts."""
    told = _told({"count": 2, "runs": "1h", "late_limit": "30m"}, alive=1)
    assert told["failed"] == {"expired": 1}
    assert told["late"]["never_started"] == 1
    assert "1 job never started" in " ".join(told["sentences"])


def test_no_capacity() -> None:
    """Where every request is refused and on-demand is not wanted, no job runs."""
    told = _told({"count": 2, "late_limit": "10m"}, refused=1, on_demand="never", hourly=1)
    assert told["failed"] == {"no_capacity": 2}
    assert told["machines"]["launched"] == 0
    # what was refused does not count in the hour
    assert told["caps"] == {}
    assert told["cost_usd"]["total"] == 0


def test_on_demand_takes_over() -> None:
    """A refused request for a spot machine becomes one for an on-demand machine, at its price."""
    told = _told({"count": 2}, refused=1)
    assert told["finished"] == 2
    assert told["machines"]["on_demand"] == 2
    assert told["machines"]["requests_refused"] == 2
    assert told["cost_usd"] == {"total": 0.014, "per_job": 0.007}


def test_machines_are_taken_back() -> None:
    """A spot machine that is taken back ends its job, which runs again only if it says so."""
    jobs = {"count": 8, "runs": "20m"}
    told = _told(jobs, reclaims_per_hour=3)
    taken = told["machines"]["reclaimed"]
    assert 2 < taken < 8
    assert told["failed"] == {"interrupted": taken}
    assert f"{taken} jobs failed for it" in " ".join(told["sentences"])
    retry = {"max_attempts": 10, "on": ["interruption"]}
    retried = _told({**jobs, "retry": retry}, reclaims_per_hour=3)
    assert retried["finished"] == 8
    assert retried["retried"] == taken
    assert retried["machines"]["reclaimed"] >= taken


def test_on_demand_machines_stay() -> None:
    """Only spot machines are taken back."""
    told = _told({"count": 8, "runs": "20m"}, reclaims_per_hour=3, on_demand="always")
    assert told["machines"]["reclaimed"] == 0
    assert told["finished"] == 8


def test_a_machine_ends_in_its_time() -> None:
    """A slot is free again when the machine is gone, and not when the job has ended."""
    slow = _asked({"count": 2}, alive=1, shutdown="30s")
    assert _late(slow)[1] >= 10 + 60 + 30 + 10


@pytest.mark.parametrize(
    ("asked", "failed"),
    [
        ({"runs": "2h", "timeout": "1h"}, {"timeout": 2}),
        ({"fails": 1}, {"exited": 2}),
        ({"fails": 1, "retry": {"max_attempts": 2, "on": ["error"]}}, {"exited": 2}),
    ],
)
def test_jobs_fail_for_their_own_reasons(asked: dict[str, Any], failed: dict[str, int]) -> None:
    """A job that runs too long, or ends with 1, is told by its reason."""
    told = _told({"count": 2, **asked})
    assert told["failed"] == failed
    assert told["retried"] == (2 if "retry" in asked else 0)


def test_a_boot_that_takes_too_long() -> None:
    """The product's own limits count: a machine that does not boot in time is replaced."""
    told = _told({"count": 1}, boot="11m")
    assert told["failed"] == {"boot_failed": 1}
    # five machines an attempt, and three attempts
    assert told["machines"]["launched"] == 15


def test_the_same_seed_gives_the_same() -> None:
    """Byte for byte; another seed is another world."""
    jobs = {"count": 30, "over": "1h", "runs": {"p50": "1m", "p95": "9m"}}
    world = {"alive": 3, "boot": {"from": "5s", "to": "60s"}, "refused": 0.2}
    first, again, other = (json.dumps(_told(jobs, seed, **world)) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_each_group_has_its_figures() -> None:
    """Jobs of one kind may be late, and those of another in time."""
    groups = [
        {"name": "early", "count": 2, "runs": "60s", "prepare": 0},
        {"count": 1, "at": "1h", "runs": "60s", "prepare": 0},
    ]
    machines = {**PLAIN, "alive": 1}
    scenario = loaded({"jobs": groups, "machines": machines, "limits": {"evidence": 0}})
    early, other = document(answered(play(scenario)))["groups"]
    assert (early["name"], early["jobs"], early["finished"]) == ("early", 2, 2)
    assert early["start_lateness_seconds"] == {"p50": 10, "p95": 80, "p99": 80, "max": 80}
    assert (other["name"], other["start_lateness_seconds"]["max"]) == ("group 2", 10)


def test_a_cap_changes_no_chance() -> None:
    """Two scenarios that differ in a cap have the same jobs, so that they can be compared."""
    jobs = {"count": 10, "runs": {"from": "1s", "to": "90s"}}
    free, capped = _asked(jobs), _asked(jobs, alive=2)
    assert [one.runs for one in free.played.wishes] == [one.runs for one in capped.played.wishes]
    assert free.cost == pytest.approx(capped.cost, abs=Decimal("0.0001"))
