"""An author's own project: a folder with one test file, run by plain pytest."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(60)

TESTS = """
import dataclasses
from datetime import timedelta

from jobsched.builtin import OnTime
from jobsched.testing import PlannerConformance
import pytest


class TestOnTime(PlannerConformance):
    @pytest.fixture
    def planner(self):
        return OnTime()


def test_a_job_ends(run_job, fake_provider, services, fake_clock, fake_runner):
    services = dataclasses.replace(services, clock=fake_clock)
    ran = run_job(provider=fake_provider, runner=fake_runner, timeout="5m")
    assert (ran.state, ran.exit_code, ran.logs, ran.starts) == ("finished", 0, b"hello\\n", 1)
    assert services.clock.now() == fake_clock.now()


def test_a_bug_is_seen(run_job, fake_provider):
    async def broken(request):
        raise ValueError("boom of the author")

    fake_provider.provision = broken
    run_job(provider=fake_provider)
"""


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder, with no plugin but ours, as it is installed."""
    others = [one.name for one in entry_points(group="pytest11") if one.name != "jobsched"]
    without = [word for name in others for word in ("-p", f"no:{name}")]
    command = [sys.executable, "-W", "error", "-m", "pytest", *without, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_project_needs_nothing_but_pytest(tmp_path: Path) -> None:
    """Fixtures and suites are there without a conftest; a bug is shown where it was written."""
    (tmp_path / "test_acme.py").write_text(TESTS)
    done = pytest_in(tmp_path, "--import-mode=importlib", "-W", "error", "--strict-markers")
    passed = [line for line in done.stdout.splitlines() if " passed" in line]
    assert passed, done.stdout + done.stderr
    assert "FAILED test_acme.py::test_a_bug_is_seen" in done.stdout
    assert "1 failed" in passed[0]
    assert '>       raise ValueError("boom of the author")' in done.stdout
    assert "fake.provision raised ValueError: boom of the author" in done.stdout


def test_a_project_that_does_not_use_it_is_left_alone(tmp_path: Path) -> None:
    """Its own fixtures of the same names are its own, and nothing of ours is imported."""
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "import pytest\n"
        "@pytest.fixture\n"
        "def services():\n"
        "    return 'mine'\n"
        "def test_mine(services):\n"
        "    assert services == 'mine'\n"
        "    assert not {'aiohttp', 'boto3', 'docker', 'redis', 'structlog'} & set(sys.modules)\n"
        "    assert 'jobsched.testing.fakes' not in sys.modules\n"
    )
    done = pytest_in(tmp_path, "-q", "-W", "error")
    assert "1 passed" in done.stdout, done.stdout + done.stderr
