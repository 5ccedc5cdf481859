"""One seed, one history, byte for byte."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from jobsched.testing.simulator.world import Setting, tell

PROGRAM = """
from jobsched.testing.simulator.world import Setting, tell
# with a backup that is put back, hosts that live on, dispatch by arq, a plugin that is told
for seed in range(1, 9):
    print(tell(seed, Setting(jobs=12, lossy=seed % 2 == 0)).history.digest())
"""


def _digests(hash_seed: str) -> str:
    """Give the digests that another process comes to; strings have other hashes in it."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_same_seed_gives_the_same_history_in_every_process() -> None:
    """Nothing hangs on the order of a set, on an address, or on this computer's time."""
    assert _digests("1") == _digests("2") != ""


def test_another_seed_gives_another_history() -> None:
    """The seed decides, and nothing was left out of the history."""
    one, other = (tell(seed, Setting(jobs=3)).history for seed in (1, 2))
    assert one.digest() != other.digest()
    assert len(list(one.lines())) > 3 * 9
