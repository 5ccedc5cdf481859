"""What all that watch over a world look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from jobsched.domain.job import Job, JobId
from jobsched.testing.simulator.books import Books
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.money import Money
from jobsched.testing.simulator.promise.names import PROMISES, Broken


@dataclass(slots=True, kw_only=True)
class Sight:
    """One world as it is seen."""

    books: Books
    history: History
    #: gives the virtual seconds since the world's beginning
    time: Callable[[], float]
    #: job → its record as it was saved last
    jobs: dict[JobId, Job] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)
    money: Money = field(default_factory=Money)

    def tell(self, name: str, what: str, job: str = "") -> None:
        """Write down that a promise was broken.

        Args:
            name: of the promise.
            what: happened.
            job: of whom, if of one.
        """
        if name not in PROMISES:
            raise KeyError(name)
        self.history.note("promise", f"{name}: {what}")
        line = len(self.history)
        self.broken.append(Broken(name=name, what=what, at=self.time(), job=job, line=line))


__all__ = ["Sight"]
