"""The next version of this very code: it writes records that this one cannot read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from jobsched.client import Client
from tests.acceptance.product import ROOT

#: where, what it says, and what it says then
CHANGES = (
    ("domain/job.py", "\nSCHEMA = 1\n", "\nSCHEMA = 2\n"),
    # a record of this version that it changes is a newer one, too
    (
        "engine/observe.py",
        "    return job, new\n",
        "    return (replace(job, schema=2) if new else job), new\n",
    ),
)


class NextVersion:
    """Its processes, on the store of a deployment."""

    def __init__(self, variables: Mapping[str, str], folder: Path) -> None:
        made = folder / "next"
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "jobsched", made / "jobsched", ignore=ignore)
        for name, before, after in CHANGES:
            path = made / "jobsched" / name
            text = path.read_text()
            assert text.count(before) == 1, f"{name} says something else by now: {before!r}"
            path.write_text(text.replace(before, after))
        path_ = os.pathsep.join([str(made), variables["PYTHONPATH"]])
        self._variables = {**variables, "PYTHONPATH": path_}
        self._folder = folder
        self._processes: list[subprocess.Popen[str]] = []
        self.client = Client()

    def start_api(self) -> None:
        """Start its API."""
        process = self._start("api", "--port", "0", "--json")
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (self._folder / "next-api.log").read_text()
        self.client = Client(url=line.split('"')[3])

    def start_worker(self) -> None:
        """Start a worker of it."""
        self._start("worker")

    def close(self) -> None:
        """End its processes."""
        for process in self._processes:
            process.kill()
            process.communicate()

    def _start(self, *words: str) -> subprocess.Popen[str]:
        with (self._folder / f"next-{words[0]}.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jobsched", *words],
                env=self._variables,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._processes.append(process)
        return process


__all__ = ["NextVersion"]
