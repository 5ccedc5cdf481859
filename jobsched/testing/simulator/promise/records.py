"""What is promised of a record, held against each of its saves."""

from __future__ import annotations

from datetime import datetime

from jobsched.contracts.change import Change
from jobsched.domain.job import Attempt, Job, Outcome
from jobsched.domain.state import TERMINAL
from jobsched.store.world import Record
from jobsched.testing.fakes import FakeContainer
from jobsched.testing.simulator.promise.causes import wrong_cause
from jobsched.testing.simulator.promise.growth import lost_fact
from jobsched.testing.simulator.promise.saved import NEVER
from jobsched.testing.simulator.promise.sight import Sight
from jobsched.testing.simulator.promise.transition import LEGAL, NO_ONE_SAVE


class RecordPromises:
    """Looks at saves.

    Args:
        sight: of the world.
    """

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        #: job, attempt and launch → when it was really saved that its container is to be stopped
        self._stopping: dict[tuple[str, int, int], datetime] = {}

    def changed(self, change: Change, record: Record, job: Job, now: datetime) -> None:
        """Look at one save."""
        before = self._sight.jobs.get(job.id)
        self._check_order(change, before, job)
        if change.state not in TERMINAL:
            self.check_waking(job.id, record, now)
        attempt, last = job.attempt, before.attempt if before else None
        if attempt and "Stopping" in change.facts:
            for launch in attempt.launches:
                if launch.stopping_at:
                    self._stopping[job.id, attempt.no, launch.no] = now
        if attempt and last and attempt.no > last.no:
            self._check_next(job, last)
        known = last.outcome if last else None
        if attempt and attempt.outcome and attempt.outcome is not known:
            self._check_outcome(job, attempt, attempt.outcome)

    def _check_order(self, change: Change, before: Job | None, job: Job) -> None:
        tell, step = self._sight.tell, f"{change.was or 'nothing'} -> {change.state}"
        if before is not None and job.rev <= before.rev:
            tell("revisions grow", f"{job.id}: {before.rev}, then {job.rev}", job.id)
        if before is not None and (what := lost_fact(before, job)):
            tell("facts stay", f"{job.id} has lost {what}", job.id)
        if change.was in TERMINAL:
            tell("terminal stays", f"{job.id}: {step}", job.id)
        elif change.state not in LEGAL[change.was] or (change.was, change.state) in NO_ONE_SAVE:
            tell("legal transition", f"{job.id}: {step}", job.id)
        for fact in change.facts:
            if why := NEVER.get((change.was, fact)):
                tell("legal fact", f"{job.id}: {fact} in {change.was}, but {why}", job.id)

    def check_waking(self, job: str, record: Record, now: datetime) -> None:
        """Look for what will wake a job that has not ended: a due time, or its lease's end."""
        if record.due is None:
            self._sight.tell("always woken", f"{job} has no due time", job)
        elif record.leased(now) and record.until and record.due > record.until:
            self._sight.tell("always woken", f"{job} is due long after its lease", job)

    def _check_next(self, job: Job, last: Attempt) -> None:
        tell = self._sight.tell
        why = wrong_cause(job, last, self._started(job, last))
        if why:
            tell("only as told", f"attempt {last.no} of {job.id} {why}", job.id)
        for launch in last.launches:
            machine = self._sight.books.machines.get(launch.token)
            if machine and machine.phase != "gone" and machine.containers:
                what = f"{machine.id} of attempt {last.no} of {job.id} is on"
                tell("fence", what, job.id)

    def _check_outcome(self, job: Job, attempt: Attempt, outcome: Outcome) -> None:
        started = self._started(job, attempt)
        codes = [one.code for one in started]
        stopped = self._stopped(job, attempt)
        well = any(
            one.code == 0 and not (stopped and one.finished_at and one.finished_at >= stopped)
            for one in started
        )
        if outcome.reason == "finished" and (not well or outcome.code != 0):
            self._sight.tell("no false success", f"{job.id}: {codes}", job.id)
        # the code of a start that the engine refused is of no container that ran
        is_told = outcome.code is not None and outcome.reason != "start_failed"
        if is_told and outcome.code not in codes:
            what = f"{job.id}: {outcome.code} was told, of {codes}"
            self._sight.tell("true code", what, job.id)

    def _started(self, job: Job, attempt: Attempt) -> list[FakeContainer]:
        prefix = f"jobsched-{job.id}-{attempt.no}-"
        started = self._sight.books.started.get(job.id, ())
        return [one for one in started if one.name.startswith(prefix)]

    def _stopped(self, job: Job, attempt: Attempt) -> datetime | None:
        """Give when it was really saved that the attempt's container is to be stopped."""
        launch = next((one for one in attempt.launches if one.stopping_at), None)
        return self._stopping.get((job.id, attempt.no, launch.no)) if launch else None


__all__ = ["RecordPromises"]
