"""What the shim is told: the command and its environment."""

from __future__ import annotations

import os
import re

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import INTERRUPTION_FILE
from jobsched.domain.job import Json
from jobsched.errors import RunnerFailed

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")


def spec_of(order: ContainerOrder, home: str, interruption: str) -> Json:
    """Render command and environment; holds the job's secrets.

    The worker's own environment stays out, but for the search path and the language: it may hold
    the credentials of a cloud.

    Args:
        order: what shall run.
        home: the command's scratch directory.
        interruption: the file in which it is told what becomes of this machine.

    Raises:
        RunnerFailed: ``configuration``: there is no command, or it cannot be handed to a process.
    """
    if not order.command:
        raise _unusable(
            "process_runner runs no images, so the job needs a cmd of its own; "
            "without one only a container runner can run it"
        )
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "HOME": home,
        "TMPDIR": home,
        INTERRUPTION_FILE: interruption,
    }
    for entry in order.environment:
        key, separator, value = entry.partition("=")
        if not key or not separator:
            # Not shown: it may be a secret.
            raise _unusable("an entry of the environment is not KEY=value")
        environment[key] = value
    if any("\0" in text for text in (*order.command, *order.environment)):
        raise _unusable("the command or the environment holds a NUL character")
    return {"command": list(order.command), "environment": environment}


def check_name(name: str) -> str:
    """Give the name back if it may name a directory."""
    if NAME.fullmatch(name) is None:
        raise _unusable(f"{name!r} cannot name a container")
    return name


def _unusable(sentence: str) -> RunnerFailed:
    return RunnerFailed("configuration", sentence, then="fail")


__all__ = ["check_name", "spec_of"]
