"""A scenario file says little, and each wrong thing in it is told in one sentence."""

from datetime import timedelta
from pathlib import Path

import pytest

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Limits
from jobsched.errors import InvalidInput
from jobsched.plugins.ec2_spot.config import Ec2SpotSchema
from jobsched.testing.simulator.scenario.read import read
from jobsched.testing.simulator.scenario.scenario import Scenario
from jobsched.testing.simulator.scenario.spread import Always, Between, Percentiles

THREE_LINES = '[[jobs]]\ncount = 300\nruns = "5m"\n'
UNKNOWN = "there is no such key: check its spelling, or leave it out"
SPREAD = 'write a duration ("5m"), {from = "1m", to = "10m"} or {p50 = "5m", p95 = "20m"}'


def _read(folder: Path, text: str) -> Scenario:
    file = folder / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    return read(file)


def test_three_lines_are_enough(tmp_path: Path) -> None:
    """Everything but the jobs has a default, and the provider's are those of `ec2_spot`."""
    found = _read(tmp_path, THREE_LINES)
    assert found.jobs == 300
    assert found.groups[0].runs == Always(timedelta(minutes=5))
    assert found.limits == Limits()
    ec2 = Ec2SpotSchema().load({})
    assert found.machines.lead == ec2["lead"]
    assert found.machines.on_demand == ec2["on_demand"]
    assert found.machines.caps == Caps(
        alive=ec2["alive"], hourly=ec2["hourly"], per_second=ec2["per_second"]
    )


def test_everything_can_be_said(tmp_path: Path) -> None:
    """Each key is read as what it is."""
    found = _read(
        tmp_path,
        """
        workers = 3
        late = "5m"
        [[jobs]]
        name = "nightly"
        count = 10
        at = "1h"
        every = "10m"
        each = 2
        runs = {p50 = "1m", p95 = "5m"}
        prepare = {from = "1s", to = "9s"}
        fails = 0.5
        ahead = "1h"
        timeout = "2h"
        grace = "30s"
        late_limit = "3h"
        retry = {max_attempts = 2, on = ["error"], backoff = "1m"}
        [machines]
        boot = "40s"
        shutdown = 0
        on_demand = "never"
        spot_price = 0.01
        on_demand_price = 1
        refused = 0.25
        reclaims_per_hour = 0.5
        lead = "1m"
        alive = "none"
        hourly = 50
        per_second = 0.5
        [limits]
        booting = "20m"
        """,
    )
    group, machines = found.groups[0], found.machines
    assert (found.workers, found.late) == (3, timedelta(minutes=5))
    assert (group.name, group.fails, group.ahead) == ("nightly", 0.5, timedelta(hours=1))
    assert group.runs == Percentiles(timedelta(minutes=1), timedelta(minutes=5))
    assert group.prepare == Between(timedelta(seconds=1), timedelta(seconds=9))
    assert group.asked["retry"]["on"] == ("error",)
    assert group.asked["late_limit"] == timedelta(hours=3)
    assert str(machines.spot_price) == "0.01"
    assert machines.caps == Caps(alive=None, hourly=50, per_second=0.5)
    assert found.limits.booting == timedelta(minutes=20)


def test_limits_are_those_of_the_configuration(tmp_path: Path) -> None:
    """What jobs get that say nothing stands in `[limits]`, as in the configuration."""
    found = _read(tmp_path, THREE_LINES + '[limits]\ntimeout = "7m"\n')
    assert found.groups[0].asked["timeout"] == timedelta(minutes=7)


@pytest.mark.parametrize(
    ("text", "key", "sentence"),
    [
        ("", "jobs", "name at least one group of jobs: [[jobs]]"),
        ("jobs = []", "jobs", "name at least one group of jobs: [[jobs]]"),
        ("jobs = 3", "jobs", "name at least one group of jobs: [[jobs]]"),
        ("jobs = [3]", "jobs.0", "this must be a table"),
        ('[[jobs]]\nruns = "5m"', "jobs.0.count", "say how many jobs: count = 100"),
        ("[[jobs]]\ncount = 3", "jobs.0.runs", 'say how long they run: runs = "5m"'),
        (THREE_LINES + "cuont = 3", "jobs.0.cuont", UNKNOWN),
        (THREE_LINES.replace("300", "0"), "jobs.0.count", "this must be from 1 to 100000"),
        (THREE_LINES.replace("300", "1.5"), "jobs.0.count", "this must be a whole number"),
        (THREE_LINES.replace('"5m"', '"soon"'), "jobs.0.runs", "'soon' is no duration"),
        (THREE_LINES.replace('"5m"', "[5]"), "jobs.0.runs", SPREAD),
        (THREE_LINES.replace('"5m"', '{p50 = "5m"}'), "jobs.0.runs", SPREAD),
        (
            THREE_LINES.replace('"5m"', '{from = "5m", to = "1m"}'),
            "jobs.0.runs",
            "from must not be longer than to",
        ),
        (
            THREE_LINES.replace('"5m"', '{p50 = "5m", p95 = "x"}'),
            "jobs.0.runs.p95",
            "'x' is no duration",
        ),
        (
            THREE_LINES.replace('"5m"', '{p50 = "5m", p95 = "1m"}'),
            "jobs.0.runs",
            "p50 must be longer than 0, and not longer than p95",
        ),
        (
            THREE_LINES + 'over = "1h"\nevery = "5m"',
            "jobs.0.every",
            "over is set too: choose one of them",
        ),
        (THREE_LINES + "each = 2", "jobs.0.each", "this goes with every, which is not set"),
        (THREE_LINES + "days = 2", "jobs.0.days", "this goes with peak, which is not set"),
        (THREE_LINES + 'peak = "25h"', "jobs.0.peak", "a time of the day, from 0 to 24h"),
        (THREE_LINES + "fails = 2", "jobs.0.fails", "this must be from 0 to 1"),
        (THREE_LINES + 'timeout = "8d"', "jobs.0.timeout", "longer than 0, at most 7 days"),
        (THREE_LINES + "retry = 3", "jobs.0.retry", "this must be a table"),
        (THREE_LINES + 'retry = {on = ["x"]}', "jobs.0.retry.on.0", "use before_start, error"),
        (THREE_LINES + "workers = 0", "jobs.0.workers", UNKNOWN),
        ("workers = 0\n" + THREE_LINES, "workers", "this must be from 1 to 100"),
        (THREE_LINES + "[machines]\nalive = 0", "machines.alive", "this must be above 0"),
        (THREE_LINES + '[machines]\nalive = "no"', "machines.alive", "a whole number"),
        (THREE_LINES + "[machines]\nper_second = 0", "machines.per_second", "must be above 0"),
        (THREE_LINES + "[machines]\nspot_price = -1", "machines.spot_price", "US dollars an hour"),
        (THREE_LINES + '[machines]\non_demand = "maybe"', "machines.on_demand", "use never"),
        (THREE_LINES + '[machines]\nlead = "2d"', "machines.lead", "at most 24 hours"),
        (THREE_LINES + "[machines]\nbot = 3", "machines.bot", UNKNOWN),
        (THREE_LINES + "[limits]\nbootin = 3", "limits.bootin", UNKNOWN),
        (THREE_LINES + "[limits]\nbooting = -3", "limits.booting", "cannot be negative"),
        (THREE_LINES + "[world]\n", "world", UNKNOWN),
        (THREE_LINES.replace("300", "60000") * 2, "jobs", "120000 jobs: at most 100000"),
    ],
)
def test_wrong_things_are_told(tmp_path: Path, text: str, key: str, sentence: str) -> None:
    """One sentence, by the key that it is about, and nothing else."""
    with pytest.raises(InvalidInput) as told:
        _read(tmp_path, text)
    assert "scenario.toml is no scenario" in told.value.message
    assert list(told.value.errors) == [key]
    (said,) = told.value.errors[key]
    assert sentence in said


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"[[jobs", "is no TOML: "), (b"\xff", "is no text in UTF-8"), (None, "cannot be read: No")],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    """What is no TOML, or not there, is told in one sentence with the file's name."""
    file = tmp_path / "a.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"a\.toml") as told:
        read(file)
    assert sentence in told.value.message
    assert "\n" not in told.value.message
