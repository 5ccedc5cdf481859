"""What is promised of what a record believes of a machine: that it, and no other one, has said so.

A word comes late, twice, or from the machine of a launch that is long over.
"""

from __future__ import annotations

from jobsched.domain.job import Job, Launch
from jobsched.testing.fakes import AT_RISK, BOOT_FAILED, READY, TAKEN_BACK
from jobsched.testing.simulator.promise.sight import Sight

#: a timer may be early by the last digit of a float
CLOSE = 1e-3
#: a boot that took too long is no word of the machine, and names no step
SAID = "boot_failed: "


class WordPromises:
    """Looks at what is believed of machines.

    Args:
        sight: of the world.
    """

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        #: token and word that were looked at
        self._judged: set[tuple[str, str]] = set()

    def changed(self, job: Job) -> None:
        """Look at one save."""
        for launch in job.attempt.launches if job.attempt else ():
            if launch.ready_at:
                self._judge(job, launch, READY)
            if launch.released and launch.released.startswith(SAID):
                self._judge(job, launch, BOOT_FAILED)
            if launch.interrupted_at or launch.gone == "interrupted":
                self._judge(job, launch, TAKEN_BACK)
            if launch.at_risk_at:
                self._judge(job, launch, AT_RISK)

    def _judge(self, job: Job, launch: Launch, word: str) -> None:
        told = launch.token, word
        if told in self._judged:
            return
        self._judged.add(told)
        if told in self._sight.books.words or (word == READY and self._is_described(launch)):
            return
        what = f"launch {launch.no} of {job.id} counts as “{word}”, which it is not"
        self._sight.tell("own word", what, job.id)

    def _is_described(self, launch: Launch) -> bool:
        """Whether the provider can tell that a machine is ready, and it is."""
        books = self._sight.books
        machine = books.machines.get(launch.token)
        if machine is None or books.says_ready:
            return False
        return machine.ready_at <= self._sight.time() + CLOSE


__all__ = ["WordPromises"]
