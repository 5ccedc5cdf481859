"""The product as a user has it: a `jobsched up` in a process of its own, on a free port."""

import json
import os
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
from typing import Any

import pytest

from jobsched.client import Client
from tests.services import missing

ROOT = Path(__file__).parents[2]
#: Well above what is promised: machines that run tests are busy.
WITHIN = 60


@dataclass(frozen=True)
class Product:
    """A running one."""

    url: str
    #: what a user's shell must have to reach it, and to find the command `jobsched`
    environment: dict[str, str]

    @property
    def client(self) -> Client:
        """A client of its API."""
        return Client(url=self.url)

    def ended(self, job: str) -> dict[str, Any]:
        """Wait until a job has ended; give its document."""
        deadline = time.monotonic() + WITHIN
        while (document := self.client.status(job))["status"] not in {
            "finished",
            "failed",
            "cancelled",
        }:
            assert time.monotonic() < deadline, document
            time.sleep(0.05)
        return document


def environment(**more: str) -> dict[str, str]:
    """Give this environment without jobsched's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JOBSCHED_")}
    # an unpacked checkout is found too, wherever a line is typed
    path = os.pathsep.join([str(ROOT), *filter(None, [kept.get("PYTHONPATH")])])
    return {**kept, "PYTHONPATH": path, **more}


@contextmanager
def running(docker_host: str, *, python: str = sys.executable, **more: str) -> Iterator[Product]:
    """Start it on a free port, with its own Redis and data; end it as a supervisor does.

    Args:
        docker_host: the engine that it uses.
        python: the Python of the environment that it is installed in.
        more: variables of its settings.
    """
    folder = Path(tempfile.mkdtemp(prefix="jobsched-up-"))
    (folder / "bin").mkdir()
    command = folder / "bin" / "jobsched"
    command.write_text(f'#!/bin/sh\nexec "{python}" -m jobsched "$@"\n')
    command.chmod(0o755)
    variables = environment(DOCKER_HOST=docker_host, JOBSCHED_LOG_FORMAT="text", **more)
    variables["PATH"] = f"{folder / 'bin'}{os.pathsep}{variables['PATH']}"
    log = (folder / "up.log").open("w+")
    words = ["jobsched", "up", "--json", "--port", "0", "--data-dir", str(folder / "data")]
    process = subprocess.Popen(
        words, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        log.seek(0)
        assert line, log.read()
        url = json.loads(line)["url"]
        yield Product(url=url, environment={**variables, "JOBSCHED_URL": url})
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, "it ends well, within 30 seconds of SIGTERM"
    finally:
        process.kill()
        process.communicate()
        log.close()
        shutil.rmtree(folder)


def shell(script: str, product: Product) -> subprocess.CompletedProcess[str]:
    """Type lines into a shell; the first one that fails ends it."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        check=False,
        env=product.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )


@pytest.fixture(scope="module")
def curl() -> None:
    """Skip without curl, which the documents' lines use."""
    if shutil.which("curl") is None:
        missing("no curl: apt-get install curl")
