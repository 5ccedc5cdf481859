"""A ``jobsched up`` of the demo's own: free port, own directory, ended afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path

from jobsched.cli.failure import FAILED, Failure
from jobsched.client import Client

#: How long a start may take: the first one reads every module from a cold disk.
STARTS_WITHIN = timedelta(seconds=30)
#: How long an end may take; `jobsched up` promises 30 seconds.
ENDS_WITHIN = timedelta(seconds=35)
#: Settings of the user's that concern the demo too; all others are left out.
KEPT = frozenset({"JOBSCHED_LOG_FORMAT", "JOBSCHED_LOG_LEVEL"})


@contextmanager
def running(folder: Path, settings: Mapping[str, str]) -> Iterator[Client]:
    """Start `jobsched up` with its data in a folder; end it on leaving.

    Args:
        folder: an empty one.
        settings: variables; without ``JOBSCHED_API_PORT`` it listens where there is room.

    Raises:
        Failure: it does not come up; the end of its log is in the sentence.
    """
    log = folder / "up.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            _command(folder, settings.get("JOBSCHED_API_PORT", "0")),
            # it ends when this one is killed, too
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(os.environ, settings),
            # Ctrl-C is for the demo alone, which then ends this one in order
            start_new_session=True,
        )
    try:
        yield Client(url=_url(process, log), token=settings.get("JOBSCHED_API_TOKEN", ""))
    finally:
        _end(process)


def _command(folder: Path, port: str) -> list[str]:
    # An empty one, so that a jobsched.toml in the current directory does not count.
    settings = folder / "jobsched.toml"
    settings.touch()
    up = [sys.executable, "-m", "jobsched", "up", "--owned", "--json", "--port", port]
    return [*up, "--data-dir", str(folder / "data"), "--config", str(settings)]


def _environment(environ: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Leave out the user's own settings: the demo must not touch another deployment."""
    found = {
        name: value
        for name, value in environ.items()
        if name in KEPT or not name.startswith("JOBSCHED_")
    }
    return {**found, **settings}


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    """Read the line that tells where it listens."""
    # readline() has no time limit of its own; killing the process ends it
    watchdog = threading.Timer(STARTS_WITHIN.total_seconds(), process.kill)
    watchdog.start()
    try:
        return str(json.loads((process.stdout or BytesIO()).readline())["url"])
    except (ValueError, KeyError, TypeError) as error:
        last = log.read_text(errors="replace").strip().splitlines()[-5:]
        said = "\n  ".join(last) or "it says nothing"
        raise Failure(f"`jobsched up` does not come up:\n  {said}", FAILED) from error
    finally:
        watchdog.cancel()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(ENDS_WITHIN.total_seconds())
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


__all__ = ["running"]
