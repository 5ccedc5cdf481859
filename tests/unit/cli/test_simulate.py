"""`jobsched simulate --scenario` as an operator calls it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jobsched.cli.main import cli

SCENARIO = """
[[jobs]]
count = 3
runs = "60s"
prepare = 0

[machines]
boot = "10s"
shutdown = 0
lead = 0
alive = 1
spot_price = 0.036

[limits]
evidence = 0
"""

TABLE = """\
scenario                      three.toml
jobs                          3
finished                      3
start lateness                p50 1 min 20 s, p95 2 min 30 s, p99 2 min 30 s, max 2 min 30 s
started more than 1 min late  2
ended more than 1 min late    2
waited in line for a cap      2 jobs: p50 1 min 10 s, p95 2 min 20 s, p99 2 min 20 s, max 2 min 20 s
machines launched             3 (3 spot, 0 on-demand)
at one time, at most          1
taken back                    0
requests refused              0
machine hours                 0.1
cost                          $0.0021, $0.0007 a job
over after                    3 min 30 s

"""
SENTENCES = (
    "The cap of 1 machine was reached for 3 min 30 s; 2 jobs waited for it, the longest"
    " 2 min 20 s.\n"
    "Half of the containers were ready to start 10 s after the request for their machine, 95 %"
    ' after 10 s. Machines are asked for 0 s ahead: lead = "1m" would hide it.\n'
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A scenario that can be worked out by hand."""
    file = tmp_path / "three.toml"
    file.write_text(SCENARIO)
    return file


def _run(*words: str) -> Result:
    found = CliRunner().invoke(cli, ["simulate", *words])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def test_the_table(file: Path) -> None:
    """Figures and sentences are on stdout, in plain columns where nobody looks."""
    found = _run("--scenario", str(file))
    assert found.exit_code == 0
    assert found.stderr == ""
    assert found.stdout == TABLE + SENTENCES


def test_json_is_one_object(file: Path) -> None:
    """One line, and the same for the same seed."""
    first, again = _run("--scenario", str(file), "--json"), _run("--scenario", str(file), "--json")
    assert first.stdout == again.stdout
    (line,) = first.stdout.splitlines()
    told = json.loads(line)
    assert told["start_lateness_seconds"]["max"] == 150
    assert told["cost_usd"] == {"total": 0.0021, "per_job": 0.0007}
    assert told["seed"] == 1


def test_another_seed(tmp_path: Path) -> None:
    """It is another world."""
    file = tmp_path / "many.toml"
    file.write_text('[[jobs]]\ncount = 9\nruns = {from = "1m", to = "9m"}\n')
    found = [_run("--scenario", str(file), "--json", "--seed", seed).stdout for seed in ("1", "2")]
    assert found[0] != found[1]


def test_groups_have_rows_of_their_own(tmp_path: Path) -> None:
    """Where there are several, each tells how late its jobs were."""
    file = tmp_path / "two.toml"
    group = '[[jobs]]\nname = "NAME"\ncount = 1\nruns = "1m"\n'
    file.write_text(group.replace("NAME", "reports") + group.replace("NAME", "checks"))
    rows = [line.split("  ")[0:2] for line in _run("--scenario", str(file)).stdout.splitlines()]
    assert ["", "of reports"] in rows
    assert ["", "of checks"] in rows


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_plot(file: Path, tmp_path: Path, kind: str) -> None:
    """It is drawn beside the answer, and told of on stderr."""
    drawn = tmp_path / f"answer.{kind}"
    found = _run("--scenario", str(file), "--plot", str(drawn), "--json")
    assert found.exit_code == 0
    assert found.stderr == f"drawn: {drawn}\n"
    assert len(found.stdout.splitlines()) == 1
    assert drawn.stat().st_size > 1000


def test_each_wrong_thing_has_its_line(tmp_path: Path) -> None:
    """What is wrong is told on stderr, each with its key, and the exit code is that of usage."""
    file = tmp_path / "wrong.toml"
    file.write_text("[[jobs]]\nruns = 3\nfoo = 1\n[machines]\nalive = 0\n")
    found = _run("--scenario", str(file))
    assert found.exit_code == 2
    assert found.stdout == ""
    assert found.stderr.splitlines() == [
        f"Error: {file} is no scenario:",
        "  jobs.0.count: say how many jobs: count = 100",
        "  jobs.0.foo: there is no such key: check its spelling, or leave it out",
        '  machines.alive: this must be above 0; for no cap write "none"',
    ]


def test_a_wrong_plot_is_told_before_anything_happens(file: Path, tmp_path: Path) -> None:
    """Nobody waits for a simulation to hear of a misspelt name."""
    found = _run("--scenario", str(file), "--plot", str(tmp_path / "answer.gif"))
    assert found.exit_code == 2
    assert found.stdout == ""
    assert "answer.gif must end with .svg or .png" in found.stderr


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Its name is told."""
    found = _run("--scenario", str(tmp_path / "no.toml"))
    assert found.exit_code == 2
    assert "no.toml cannot be read: No such file or directory" in found.stderr


def test_as_a_program(file: Path) -> None:
    """Without a terminal there is no progress bar, and no warning of Python's on stderr."""
    command = [sys.executable, "-m", "jobsched", "simulate", "--scenario", str(file), "--json"]
    found = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (found.returncode, found.stderr) == (0, "")
    assert json.loads(found.stdout)["finished"] == 3
