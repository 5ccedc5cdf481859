"""hear: see to it that somebody tells of the end of a launch's container."""

from __future__ import annotations

from jobsched.contracts.runner import Runner
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place


def is_told(parts: Parts, runner: Runner, place: Place) -> bool:
    """Say whether its end will be told; where nobody else does, a worker watches. May be repeated.

    A machine that has spoken once (``update``) has run the runner's script, and tells by itself: no
    worker holds a stream, nor a thread, for it.
    """
    if runner.reports_ends and place.launch.certified_id:
        return True
    access = place.machine.access
    return access is not None and parts.watch(runner, access)


__all__ = ["is_told"]
