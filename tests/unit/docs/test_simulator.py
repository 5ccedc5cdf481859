"""What the pages say of the simulator is what it has: its figures, and each seeded bug."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobsched.engine.outside import POINTS
from jobsched.testing.simulator.faults import FAULTS
from jobsched.testing.simulator.mutations.catalogue import MUTATIONS
from jobsched.testing.simulator.promise import PROMISES

ROOT = Path(__file__).resolve().parents[3]
RELIABILITY = (ROOT / "docs" / "explanation" / "reliability.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
HEAD = "| broken rule | what breaks with it | nets that are off |"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (RELIABILITY, f"{len(FAULTS)} kinds of"),
        (RELIABILITY, f"[{len(PROMISES)} promises]"),
        (RELIABILITY, f"the {len(POINTS)} named effects"),
        (RELIABILITY, f"the {len(MUTATIONS)} mutations"),
        (CHANGELOG, f"{len(FAULTS)} kinds of"),
        (CHANGELOG, f"{len(PROMISES)} promises"),
        (CHANGELOG, f"{len(MUTATIONS)} seeded bugs"),
    ],
)
def test_a_figure_is_right(page: str, words: str) -> None:
    """A page that has another one has forgotten something."""
    assert words in page


def test_each_seeded_bug_is_told() -> None:
    """With what breaks with it, and which nets are off."""
    _, _, after = RELIABILITY.partition(HEAD)
    table = after.partition("\n\n")[0].splitlines()[2:]
    told = [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in table]
    assert sorted(told) == sorted(
        (one.broken, ", ".join(one.caught_by), ", ".join(one.nets_off))
        for one in MUTATIONS.values()
    )
