"""The tutorial's provider, typed from the page, runs a job; and does not do what the page says."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobsched import embedded
from jobsched.client import Client
from tests.acceptance.product import ROOT, WITHIN, Product, environment

pytestmark = [pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(180)]

PAGE = (ROOT / "docs" / "tutorial" / "first-provider.md").read_text()
[CODE] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
MAKE, NAME, START, SCHEDULE = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)


@dataclass(frozen=True)
class Desk:
    """An empty folder, and what a reader's terminal has."""

    folder: Path
    variables: dict[str, str]

    def typed(self, lines: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Type lines into a terminal."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines],
            check=False,
            cwd=self.folder,
            env={**self.variables, **more},
            capture_output=True,
            text=True,
            timeout=WITHIN,
        )

    @contextmanager
    def started(self) -> Iterator[Product]:
        """Type what names the plugin and what starts jobsched; Ctrl-C ends it."""
        start = START.replace("jobsched up", "exec jobsched up --json --port 0")
        with (self.folder / "up.log").open("w+") as log:
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", f"{NAME}{start}"],
                cwd=self.folder,
                env=self.variables,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
            assert process.stdout is not None
            try:
                line = next((one for one in process.stdout if one.startswith("{")), "")
                log.seek(0)
                assert line, log.read()
                yield Product(url=json.loads(line)["url"], environment=self.variables)
                process.send_signal(signal.SIGINT)
                process.wait(WITHIN)
            finally:
                process.kill()
                process.communicate()


@pytest.fixture
def desk(redis_program: embedded.ServerBinary) -> Iterator[Desk]:
    """What is there once the page's first two steps were done."""
    folder = Path(tempfile.mkdtemp(prefix="jobsched-tutorial-"))
    try:
        (folder / "bin").mkdir()
        command = folder / "bin" / "jobsched"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m jobsched "$@"\n')
        command.chmod(0o755)
        variables = environment(JOBSCHED_DATA_DIR=str(folder / "data"))
        variables["PATH"] = f"{folder / 'bin'}{os.pathsep}{variables['PATH']}"
        made = Desk(folder, variables)
        said = made.typed(MAKE)
        assert said.returncode == 0, said.stderr
        (folder / "plugins" / "first.py").write_text(CODE)
        yield made
    finally:
        shutil.rmtree(folder)


def until(client: Client, job: str, *wanted: str) -> dict[str, object]:
    """Wait until a job is in one of these states; give its document."""
    deadline = time.monotonic() + WITHIN
    while (document := client.status(job))["status"] not in wanted:
        assert time.monotonic() < deadline, document
        time.sleep(0.05)
    return document


def test_the_provider_typed_from_the_page_runs_a_job(desk: Desk) -> None:
    """It is listed, its job prints, and the job's status shows its machine."""
    listed = desk.typed(NAME)
    assert listed.returncode == 0, listed.stderr
    assert re.search(r"^first +loaded", listed.stdout, re.MULTILINE)
    with desk.started() as product:
        said = desk.typed(SCHEDULE, JOBSCHED_URL=product.url)
        assert (said.returncode, said.stdout) == (0, "hello from my own machine\n"), said.stderr
        [job] = product.client.jobs(limit=1)["jobs"]
        document = product.client.status(job["id"])
        assert document["status"] == "finished"
        assert document["first"]["instance_id"].startswith("first-")


def test_it_forgets_its_machines_as_the_page_says(desk: Desk) -> None:
    """After a restart the job that ran is taken for lost."""
    lines = SCHEDULE.replace("--wait ", "").replace("echo hello from my own machine", "sleep 60")
    with desk.started() as product:
        said = desk.typed(lines, JOBSCHED_URL=product.url)
        assert said.returncode == 0, said.stderr
        job = said.stdout.strip()
        until(product.client, job, "running")
    with desk.started() as product:
        ended = until(product.client, job, "finished", "failed", "cancelled")
        assert (ended["status"], ended["reason"]) == ("failed", "machine_lost")
        assert "`failed`, `machine_lost`" in PAGE


def test_it_is_as_short_as_it_says() -> None:
    """About forty lines of code, comments and blank lines aside."""
    lines = [line for line in CODE.splitlines() if line.strip()]
    assert 35 <= len(lines) <= 45
