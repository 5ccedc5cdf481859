"""What is promised of starts, held against each of them in the moment in which it happens."""

from __future__ import annotations

from collections import Counter

from jobsched.domain.job import JobId
from jobsched.testing.fakes import FakeContainer
from jobsched.testing.simulator.promise.sight import Sight

#: the words of ``retry.on`` that do not ask for a second run
BEFORE = frozenset({"before_start"})


class StartPromises:
    """Looks at starts.

    Args:
        sight: of the world.
    """

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        #: job and attempt → starts
        self._times: Counter[tuple[str, str]] = Counter()
        self._of_job: Counter[str] = Counter()

    def started(self, one: FakeContainer) -> None:
        """Look at a start that happens now, and was not written into the books yet."""
        _, job, attempt, *_ = one.name.split("-")
        sight, books = self._sight, self._sight.books
        self._of_job[job] += 1
        self._times[job, attempt] += 1
        times = self._times[job, attempt]
        if times > 1:
            sight.tell("one start", f"attempt {attempt} of {job}: {times} times", job)
        for other in books.started.get(job, ()):
            books.look(other)
            if other.phase == "running" and other is not one:
                sight.tell("no overlap", f"{one.name} beside {other.name}", job)
        record = sight.jobs.get(JobId(job))
        if record and self._of_job[job] == 1:
            late = books.clock.now() - record.spec.schedule
            sight.money.late_seconds.append(late.total_seconds())
        asked = set(record.spec.retry.on) if record else set()
        if self._of_job[job] > 1 and not asked - BEFORE:
            sight.tell("at most once", f"{job} was started {self._of_job[job]} times", job)


__all__ = ["StartPromises"]
