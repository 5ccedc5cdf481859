"""To see a process die where it was told to, and what came of its job."""

from __future__ import annotations

import time
from collections.abc import Callable

from jobsched.bootstrap.failpoint import EXIT
from tests.acceptance.dying.scene import PATIENCE, Scene
from tests.acceptance.dying.stories import Story
from tests.acceptance.forked import Forked

#: what is passed at the very end may come a moment after the job's end is shown
A_MOMENT = 5.0


def see_die(
    at: Scene, doomed: Forked, place: str, is_told: Callable[[], bool] = lambda: False
) -> None:
    """Wait for the death; the story must not end without it."""
    deadline = time.monotonic() + PATIENCE
    told_at = None
    while doomed.poll() is None:
        now = time.monotonic()
        if told_at is None and is_told():
            told_at = now
        is_over = now > deadline or (told_at is not None and now > told_at + A_MOMENT)
        assert not is_over, f"{place} is never passed\n{at.said()}"
        time.sleep(0.02)
    assert doomed.poll() == EXIT, f"{place}\n{at.said()}"
    name = ":".join(place.split(":")[:2])
    assert f"ended at the fail-point {name}" in at.said_by(doomed)


def check(at: Scene, story: Story, job: str) -> None:
    """Compare the end with what must be, by the engine's account and not by our records."""
    document = at.status(job)
    assert (document["status"], document["reason"]) == story.ends, f"{document}\n{at.said()}"
    # the engine tells it a moment later
    deadline = time.monotonic() + A_MOMENT
    while at.starts.of(job) != story.starts and time.monotonic() < deadline:
        time.sleep(0.02)
    assert at.starts.of(job) == story.starts, at.said()
    at.until(lambda: at.containers() == [], "containers are left")
    at.until(lambda: at.leases() == [], "leases are left")
    assert {one["name"]: one["alive"] for one in at.providers()} == {"local": 0, "shaky": 0}


__all__ = ["check", "see_die"]
