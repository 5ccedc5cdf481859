"""What is promised of starts, held against each of them in the moment in which it happens."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from jobsched.domain.job import Job, JobId
from jobsched.testing.fakes import FakeContainer
from jobsched.testing.simulator.books import IS_LATE
from jobsched.testing.simulator.promise.sight import Sight

#: the words of ``retry.on`` that do not ask for a second run
BEFORE = frozenset({"before_start"})
#: seconds after which nothing is carried out any more that was sent under a forgotten grant
OVER = 300.0


class StartPromises:
    """Looks at starts.

    Args:
        sight: of the world.
    """

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        #: container whose grant a store has forgotten → when what was sent under it is surely over
        self._forgotten: dict[str, float] = {}
        #: job and attempt → starts
        self._times: Counter[tuple[str, str]] = Counter()
        self._of_job: Counter[str] = Counter()

    def started(self, one: FakeContainer) -> None:
        """Look at a start that happens now, and was not written into the books yet."""
        _, job, attempt, *_ = one.name.split("-")
        self._count(one, job, attempt)
        self._check_overlap(one, job)
        record, times = self._sight.jobs.get(JobId(job)), self._of_job[job]
        if record and times == 1:
            late = self._sight.books.clock.now() - record.spec.schedule
            self._sight.money.late_seconds.append(late.total_seconds())
        asked = set(record.spec.retry.on) if record else set()
        if times > 1 and not asked - BEFORE:
            self._sight.tell("at most once", f"{job} was started {times} times", job)

    def forget(self, before: Mapping[JobId, Job]) -> None:
        """Know which grants a store has forgotten.

        Args:
            before: the records as they were.
        """
        until = self._sight.time() + OVER
        for job, record in before.items():
            now = self._sight.jobs.get(job)
            if now is not record:
                self._forgotten |= dict.fromkeys(granted(record) - granted(now), until)

    def _count(self, one: FakeContainer, job: str, attempt: str) -> None:
        """Count a start, but one that could not be prevented."""
        times = self._times[job, attempt] + 1
        if times > 1 and (limit := self._limit(one)):
            self._sight.history.note("limit", f"attempt {attempt} of {job}: {limit}")
            self._sight.money.note_limit(limit)
            return
        self._times[job, attempt] = times
        self._of_job[job] += 1
        if times > 1:
            self._sight.tell("one start", f"attempt {attempt} of {job}: {times} times", job)

    def _check_overlap(self, one: FakeContainer, job: str) -> None:
        books = self._sight.books
        for other in books.started.get(job, ()):
            books.look(other)
            if other.phase == "running" and other is not one:
                self._sight.tell("no overlap", f"{one.name} beside {other.name}", job)

    def _limit(self, one: FakeContainer) -> str:
        """Say why another start of an attempt could not be prevented; empty: it could.

        Once for each grant that a store has forgotten with its last second: where what was sent
        under it was carried out late, and its container had run meanwhile.
        """
        started = self._sight.books.started.get(one.name.split("-")[1], ())
        is_again = IS_LATE.get() and any(other is one for other in started)
        if is_again and self._sight.time() <= self._forgotten.pop(one.name, -math.inf):
            return "a start of a forgotten grant came late"
        return ""


def granted(job: Job | None) -> set[str]:
    """Give the containers of the current attempt whose start was granted."""
    launches = job.attempt.launches if job and job.attempt else ()
    return {
        one.container.name
        for launch in launches
        for one in launch.tries
        if one.container and one.granted_at and not one.not_started_at
    }


__all__ = ["StartPromises"]
