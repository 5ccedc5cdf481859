"""What is promised of starts, held against each of them in the moment in which it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from jobsched.domain.job import Job, JobId
from jobsched.testing.fakes import FakeContainer
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
        #: job, attempt and launch whose grant of a start a store has forgotten → when it did
        self._forgotten: dict[tuple[str, str, str], float] = {}
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
        limit = self._limit(one) if times > 1 else ""
        if limit:
            sight.history.note("limit", f"attempt {attempt} of {job}: {limit}")
            sight.money.note_limit(limit)
            self._times[job, attempt] -= 1
            self._of_job[job] -= 1
        elif times > 1:
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

    def forget(self, before: Mapping[JobId, Job]) -> None:
        """Know which grants a store has forgotten.

        Args:
            before: the records as they were.
        """
        for job, record in before.items():
            now = self._sight.jobs.get(job)
            if now is record or record.attempt is None:
                continue
            for launch in granted(record) - granted(now):
                self._forgotten[job, str(record.attempt.no), launch] = self._sight.time()

    def _limit(self, one: FakeContainer) -> str:
        """Say why another start of a container could not be prevented; empty: it could.

        Once for each grant that a store has forgotten with its last second: where what was sent
        under it takes effect late, and its container has run meanwhile under another grant.
        """
        _, job, attempt, launch, *_ = one.name.split("-")
        forgotten_at = self._forgotten.get((job, attempt, launch))
        if forgotten_at is None or self._sight.time() > forgotten_at + OVER:
            return ""
        is_late = one.name in self._sight.books.late
        if is_late and any(other is one for other in self._sight.books.started.get(job, ())):
            del self._forgotten[job, attempt, launch]
            return "a start of a forgotten grant came late"
        return ""


def granted(job: Job | None) -> set[str]:
    """Give the launches of the current attempt with a start that was granted."""
    launches = job.attempt.launches if job and job.attempt else ()
    return {
        str(launch.no)
        for launch in launches
        if any(one.granted_at and not one.not_started_at for one in launch.tries)
    }


__all__ = ["StartPromises"]
