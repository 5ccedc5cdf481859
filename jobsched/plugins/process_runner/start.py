"""The call of the shim."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from jobsched.errors import RunnerFailed
from jobsched.plugins.process_runner import shim

#: Under the contract's 60 seconds, so that what is reported is our own time-out.
START_SECONDS = 50.0


def run_shim(folder: Path) -> int:
    """Start the command of a container; give the shim's exit code (`shim.STARTED`, …). Blocks.

    Raises:
        RunnerFailed: ``start_timeout``: the command may have been started, or may be yet.
    """
    command = [sys.executable, "-I", "-S", shim.__file__, str(folder)]
    try:
        return subprocess.run(
            command,
            # The command could read the worker's environment in its parent's.
            env={},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=START_SECONDS,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        raise RunnerFailed(
            "start_timeout", "the command did not start in time", effect="unknown"
        ) from None


__all__ = ["run_shim"]
