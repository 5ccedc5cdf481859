"""Our processes, forked from one that has imported everything once: 40 ms of CPU each, not 1 s.

What runs in them is the very command line, in a process of its own, which may be killed.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from multiprocessing import connection
from multiprocessing.context import ForkServerContext
from pathlib import Path

from tests.acceptance.product import ROOT

#: imported before the first fork; the server has one thread and no event loop
PRELOADED = (
    "tests.acceptance.forked",
    "tests.acceptance.warm",
    "jobsched.cli.main",
    "jobsched.cli.worker",
    "jobsched.cli.api",
    "jobsched.cli.init",
    "jobsched.bootstrap",
    "jobsched.up",
    "jobsched.worker.run",
    "jobsched.plugins.docker_runner",
    "jobsched.plugins.ec2_spot.checks",
    "jobsched.plugins.ec2_spot.provider",
    "jobsched.plugins.local",
    "docker",
    "uvloop",
)
_PR_SET_PDEATHSIG = 1
#: the start of one process asks all others whether they have ended, and an end is told only once
_ONE_AT_A_TIME = threading.Lock()


class Forked:
    """A running command of ``jobsched``; speaks like `subprocess.Popen`."""

    def __init__(
        self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str], out: Path, err: Path
    ) -> None:
        self._words = list(words)
        self._out = out
        arguments = (self._words, str(cwd), dict(env), str(out), str(err))
        with _ONE_AT_A_TIME:
            self._process = _context().Process(target=_run, args=arguments)
            self._process.start()

    @property
    def args(self) -> list[str]:
        """The words of its command."""
        return self._words

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Give its exit code, if it has ended; -9 for a kill."""
        with _ONE_AT_A_TIME:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; give its exit code."""
        connection.wait([self._process.sentinel], timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(self._words, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing if it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def communicate(self) -> None:
        """Wait for its end."""
        self.wait()

    def first_line(self, within: float = 30) -> str:
        """Wait for the first line that it prints; empty if it ends without one."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            ended = self.poll() is not None
            text = self._out.read_text() if self._out.exists() else ""
            if "\n" in text or ended:
                return text.partition("\n")[0]
            time.sleep(0.01)
        return ""


def _context() -> ForkServerContext:
    """Give the server of forks, which is started once and ends with this process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    # in 3.11 the server looks for modules where a new Python does
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [before])])
    try:
        from multiprocessing import forkserver  # not in the child

        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return context


def _run(words: list[str], cwd: str, env: dict[str, str], out: str, err: str) -> None:
    """Be the command: in the child."""
    # a run of the tests that is killed takes the server along, and that takes its children along
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for path, number in ((out, 1), (err, 2)):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if words[0] == "chore":
        from tests.acceptance.dying.chore import run

        run(words[1])
        return
    from jobsched.cli.main import cli

    cli(words, prog_name="jobsched")


__all__ = ["Forked"]
