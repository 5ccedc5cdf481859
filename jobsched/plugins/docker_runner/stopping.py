"""Stopping a container without a thread that waits for it: many may be stopped at the same time.

Docker's own stop holds its connection, and so a thread, for the whole grace. When a cloud takes
back a pool of machines, each of their containers is given nearly two minutes at the same moment:
the seventeenth of them would be asked to end when the first sixteen had been killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from jobsched.domain.job import Container
from jobsched.plugins.docker_runner import failure, lifecycle
from jobsched.plugins.docker_runner.clients import Connection

#: pauses between two looks: from the time that a quick program needs to end, doubled
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
USUAL = "SIGTERM"


def ask(connection: Connection, container: Container) -> bool:
    """Send the stop signal of the container's image; False: nothing of it runs.

    Raises:
        RunnerFailed: the engine refused, or does not answer.
    """
    found = lifecycle.find(connection, container)
    if found is None or not found["State"].get("Running"):
        return False
    for signal in (found["Config"].get("StopSignal") or USUAL, USUAL):
        try:
            connection.client.kill(found["Id"], signal)
        except failure.EngineRefused as error:
            if error.status == HTTPStatus.BAD_REQUEST and signal != USUAL:
                # not every builder of images checks that its signal is one
                continue
            # it ended in this moment; or it is paused, and hears no signal but the last one
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                raise failure.refused(error, f"stop {container.name}") from error
        break
    return True


def is_running(connection: Connection, container: Container) -> bool:
    """Look whether it has not ended yet."""
    found = lifecycle.find(connection, container)
    return found is not None and bool(found["State"].get("Running"))


def pauses() -> Iterator[float]:
    """Give the seconds before each further look."""
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE)


__all__ = ["ask", "is_running", "pauses"]
