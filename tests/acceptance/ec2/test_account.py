"""The README's section on a real account, typed as written, on the fake EC2."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobsched.testing.ec2 import FakeEc2
from tests.acceptance.ec2.booter import Booter
from tests.acceptance.ec2.cloud import PLUGIN
from tests.acceptance.product import ROOT, WITHIN, environment

pytestmark = [pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(180)]

MARK = "<!-- typed by tests/acceptance/ec2/test_account.py -->"
README = (ROOT / "README.md").read_text()
SET_UP, FIRST_JOB = re.findall(re.escape(MARK) + r"\n```bash\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def ec2(running_ec2: FakeEc2) -> FakeEc2:
    """The account."""
    running_ec2.reset()
    running_ec2.switch(pending_seconds=0.5)
    return running_ec2


@pytest.fixture
def home(ec2: FakeEc2) -> Iterator[dict[str, str]]:
    """A user's shell: an empty folder, AWS credentials, and `jobsched` and `python` on the path."""
    folder = Path(tempfile.mkdtemp(prefix="jobsched-account-"))
    for name, words in {"jobsched": "-m jobsched", "python": ""}.items():
        command = folder / "bin" / name
        command.parent.mkdir(exist_ok=True)
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        command.chmod(0o755)
    plugins = folder / "plugins"
    plugins.mkdir(mode=0o700)
    shutil.copy(PLUGIN, plugins / PLUGIN.name)
    yield environment(
        **ec2.environment,
        HOME=str(folder),
        PATH=f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        JOBSCHED_DATA_DIR=str(folder / "data"),
        JOBSCHED_PLUGINS_DIR=str(plugins),
        JOBSCHED_WORKER_SWEEP_EVERY="1s",
        JOBSCHED_LIMITS_INSPECT_UNWATCHED="200ms",
        JOBSCHED_EC2_SPOT_LEAD="0s",
    )
    shutil.rmtree(folder)


def typed(lines: str, home: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Type lines into a shell, one after the other, whatever each ends with."""
    return subprocess.run(
        ["bash", "-uo", "pipefail", "-c", lines],
        check=False,
        env=home,
        cwd=home["HOME"],
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )


@pytest.mark.usefixtures("redis_program")
def test_the_section_works_as_written(home: dict[str, str], ec2: FakeEc2) -> None:
    """Settings, policy, doctor and a first job; then nothing runs in the account."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    # what is another on this machine: the container's runner, and where machines reach the API
    set_up = SET_UP.replace("docker_runner", "paper_runner JOBSCHED_RUNNER=paper_runner", 1)
    set_up = set_up.replace("https://jobs.example.org", url)
    exports = "".join(line for line in set_up.splitlines(keepends=True) if "export" in line)
    # what the reader copies from what `jobsched init` tells
    told = typed(f"{exports}\njobsched init --json", home)
    deployment = json.loads(told.stdout)["deployment"]
    done = typed(set_up.replace("DEPLOYMENT", deployment), home)
    assert (done.returncode, deployment in done.stdout) == (0, True), done
    policy = json.loads((Path(home["HOME"]) / "policy.json").read_text())
    assert deployment in json.dumps(policy)

    up = subprocess.Popen(
        ["bash", "-uc", f"{exports}\nexec jobsched up --json --port {port}"],
        env=home,
        cwd=home["HOME"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert up.stdout is not None
        assert json.loads(up.stdout.readline())["url"] == url
        with Booter(ec2=ec2, url=url) as booter:
            first = typed(f"set -e\n{exports}\nexport JOBSCHED_URL={url}\n{FIRST_JOB}", home)
            assert first.returncode == 0, first.stdout + first.stderr
            verdicts, _, rest = first.stdout.partition("from paper\n")
            assert "pass     ec2.callback" in verdicts, verdicts
            assert "ec2_spot" in rest
            booter.until_nothing_is_alive()
        assert [one.market for one in ec2.machines()] == ["spot"]
    finally:
        up.terminate()
        up.communicate(timeout=30)
