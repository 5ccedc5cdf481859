"""What one worker of a run of the tests makes for all of them."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

MADE = "made"


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Give a folder that is made once in a run, however many workers ask for it.

    Who asks while it is being made waits; where making it fails, the next who asks tries anew.

    Args:
        factory: the worker's; the folder is removed with the run's others.
        name: of the folder.
        make: fills the folder, which is there and empty.
    """
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / f"shared-{name}"
    with folder.with_suffix(".lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != MADE:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            lock.write(MADE)
    return folder
