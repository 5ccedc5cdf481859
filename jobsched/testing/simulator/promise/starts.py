"""What is promised of starts, held against each of them in the moment in which it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from jobsched.domain.job import Job, JobId
from jobsched.testing.fakes import FakeContainer
from jobsched.testing.simulator.books import IS_LATE
from jobsched.testing.simulator.promise.sight import Sight

#: the words of ``retry.on`` that do not ask for a second run
BEFORE = frozenset({"before_start"})
#: seconds after which nothing is carried out any more that was sent under a forgotten grant
OVER = 300.0


class Forgotten(NamedTuple):
    """A grant that a store has forgotten."""

    #: of its launch
    token: str
    #: of the container that it is for
    name: str
    #: when what was sent under it is surely over
    until: float
    #: whether the creation of its container is forgotten, too
    is_whole: bool


class StartPromises:
    """Looks at starts.

    Args:
        sight: of the world.
        went_by_itself: says whether a machine, by its token, was ended by nobody of ours.
    """

    def __init__(self, sight: Sight, went_by_itself: Callable[[str], bool]) -> None:
        self._sight = sight
        self._went_by_itself = went_by_itself
        #: job and attempt → the launches whose grant of a start a store has forgotten
        self._forgotten: dict[tuple[str, str], dict[str, Forgotten]] = {}
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
        for job, record in before.items():
            now = self._sight.jobs.get(job)
            if now is record or record.attempt is None:
                continue
            known = granted(now)
            for launch, (token, name) in granted(record).items():
                if launch not in known:
                    grants = self._forgotten.setdefault((job, str(record.attempt.no)), {})
                    until, is_whole = self._sight.time() + OVER, launch not in created(now)
                    grants[launch] = Forgotten(token, name, until, is_whole)

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

        Once for each grant that a store has forgotten with its last second: where all that told of
        the first start was lost with it, or where what was sent under that grant took effect late.
        """
        _, job, attempt, *_ = one.name.split("-")
        forgotten, now = self._forgotten.get((job, attempt), {}), self._sight.time()
        started = self._sight.books.started.get(job, ())
        is_again = IS_LATE.get() and any(other is one for other in started)
        for no, lost in forgotten.items():
            if one.name == lost.name and is_again and now <= lost.until:
                del forgotten[no]
                return "a start of a forgotten grant came late"
            if not lost.is_whole:
                # it knows of the container, and so that it may have been started
                continue
            mine = f"jobsched-{job}-{attempt}-{no}"
            first = [each for each in started if each is not one and is_of(each, mine)]
            if why := self._unseen(lost.token, first):
                del forgotten[no]
                return why
        return ""

    def _unseen(self, token: str, first: Sequence[FakeContainer]) -> str:
        """Say why nobody could see what had been started; empty: it could be seen."""
        if self._went_by_itself(token):
            return "a forgotten start went with its machine"
        if first and all(one.name in self._sight.books.removed for one in first):
            return "a forgotten start was removed by force"
        if first and all(one.name in self._sight.books.unseen for one in first):
            return "a forgotten start was on a machine that did not answer"
        return ""


def created(job: Job | None) -> set[str]:
    """Give the launches of the current attempt with a container that may yet be started.

    The product has a rule for it, too, which is not asked: a judge would share its mistakes.
    """
    launches = job.attempt.launches if job and job.attempt else ()
    return {
        str(launch.no) for launch in launches if any(not one.not_started_at for one in launch.tries)
    }


def is_of(one: FakeContainer, launch: str) -> bool:
    """Whether a container is of this launch, by its name."""
    return one.name == launch or one.name.startswith(f"{launch}-")


def granted(job: Job | None) -> dict[str, tuple[str, str]]:
    """Give the launches of the current attempt with a start that was granted.

    Each with its token, and the name of the container.
    """
    launches = job.attempt.launches if job and job.attempt else ()
    return {
        str(launch.no): (launch.token, one.container.name)
        for launch in launches
        for one in launch.tries
        if one.container and one.granted_at and not one.not_started_at
    }


__all__ = ["StartPromises"]
