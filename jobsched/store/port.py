"""What the engine asks of a store; one conformance suite holds every adapter to it.

Every call that touches records carries the deployment's id and raises
:class:`~jobsched.errors.WrongStore` when the store was emptied, is another deployment's, or was
restored from a backup since it was opened, and
:class:`~jobsched.errors.StoreUnavailable` when it does not answer, is loading, or takes no writes;
in both cases nothing was done, or (a lost answer) may have been done whole. Calls that only read
answer as long as they can: from a full store, and from a replica. All times are the store's.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from jobsched.contracts.change import Change
from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job, JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """A client's key for one request, and the digest of the body that it was used with."""

    key: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A job that is in the store."""

    id: JobId
    #: False: the same key and body (or the same id) were accepted before, as this job
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The answer to a save."""

    job: Job
    #: True: a cap was reached; nothing was saved, the job waits in line and its lease is released
    waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Jobs that are due and now leased to the caller."""

    jobs: tuple[Job, ...]
    now: datetime
    #: until the next job that is due; None: there is none
    next_in: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What became of the leases that were to be renewed."""

    #: somebody saved a fact meanwhile: read the job again
    dirty: frozenset[JobId]
    #: over (a lease that is over is nobody's), held by another worker by now, or the job is gone
    lost: frozenset[JobId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """A message to the workers."""

    #: a leased job that became dirty, and who holds it
    job: JobId | None = None
    holder: str = ""
    #: otherwise: something became due at this time
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A line of ``GET /list``."""

    id: JobId
    state: str
    schedule: datetime
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a list; ``next`` is the cursor of the following one, or None."""

    jobs: tuple[Listed, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A record that could not be read, kept aside."""

    id: JobId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An index that contradicts a record."""

    job: JobId
    #: which one: ``list``, ``state``, ``due``, ``slots``, ``line``, ``ended``; ``record``: there is
    #: no record, or none that is a record
    why: str
    #: where a list has it, and whose slot or line it is in; empty: not told
    place: str = ""
    provider: str = ""
    #: the slot that no record holds; empty: it is something else
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What one look at the indexes has found."""

    faults: tuple[Fault, ...]
    #: where to go on; empty: all was looked at
    cursor: str


#: no limit
NO_CAPS = Caps()


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """Why a provider is asked for no more machines until an operator resumes it."""

    #: the label and the sentence of the failure
    reason: str
    message: str
    #: the one job that ends with it; all others wait
    job: JobId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What an operator must look at."""

    #: what is wrong, and what is to be done
    sentence: str
    #: when it was raised first
    at: datetime


class Store(Protocol):
    """The store of one deployment."""

    async def check(self) -> datetime:
        """Give the store's time if it is there, is ours, and takes writes."""
        ...

    async def syncs_each_write(self) -> bool:
        """Say whether what was saved is surely not forgotten, also when the power goes.

        False where the server does not tell. May change when the server is configured anew.
        """
        ...

    async def stamp(self, fingerprint: str, *, force: bool = False) -> None:
        """Make an empty store this deployment's; ``WrongStore`` if it is another's."""
        ...

    async def begin_restore(self, epoch: str) -> None:
        """Be the only one that is not refused: the store was put back from a backup.

        Who opened it before is refused for good, and who opens it now until `end_restore`. May be
        repeated, also by another process after a crash in between, which then is the only one.

        Args:
            epoch: a word that was never used before.

        Raises:
            WrongStore: it is empty, or another deployment's.
        """
        ...

    async def end_restore(self) -> None:
        """Let those in who open the store from now on."""
        ...

    async def accept(
        self, job: Job, *, look_again_at: datetime, idempotency: Idempotency | None = None
    ) -> Accepted:
        """Write a new job, its indexes, its due time and its key: all or nothing.

        Raises:
            IdempotencyConflict: the key was used with another body within the last 24 hours.
        """
        ...

    async def read(self, job: JobId, *, held_back: bool = False) -> Job:
        """Give the record.

        Args:
            job: its id.
            held_back: also one that is held back (`hold_back`).

        Raises:
            UnknownJob: there is none.
            NewerRecord: it needs a newer version of jobsched.
            UnreadableRecord: it is broken, or held back; it is put into quarantine.
        """
        ...

    async def hold_back(self, job: JobId) -> None:
        """Treat a record as one that cannot be read, whatever becomes of it, until it is let go.

        May be repeated: the time of the first call is kept.
        """
        ...

    async def held_back(self) -> Mapping[JobId, datetime]:
        """Give the jobs that are held back, and since when."""
        ...

    async def let_go(self, job: JobId) -> None:
        """Hold a job back no more. May be repeated."""
        ...

    async def save(
        self,
        before: Job,
        after: Job,
        *,
        look_again_at: datetime | None,
        facts: Sequence[str],
        holder: str = "",
        release: bool = False,
        caps: Caps | None = None,
        waiting_until: datetime | None = None,
    ) -> Saved:
        """Write ``after`` if the record still is ``before``, or nothing.

        Its ``rev`` is higher, by one or more, and was never given to another save of the record,
        not even to one that the store has forgotten since (`appendfsync everysec`): else whoever
        knows that one could write over the other.

        The due time (None: never), state indexes, launch slots (taken and freed, by comparing the
        launches of both; ``caps`` bounds taking), the event and the wake go with it. A terminal
        record gets the end of its retention. With ``holder`` the caller must hold the lease, keeps
        it, or gives it up with ``release`` (then a dirty job is due now). Without, a leased job is
        marked dirty and its holder is woken. A freed slot wakes as many jobs of the waiting line
        as fit. Where a cap is reached nothing is saved: the job joins its provider's waiting line
        (in the order of ``start_at``), is due at ``waiting_until``, and its lease is released; any
        later save takes it out of the line. Where it is the pace alone that is used up, the job
        joins another line, which no slot wakes, and is due when its turn comes, if that is sooner.
        A provider that is halted has no room, whatever its caps.

        Raises:
            StaleWrite: the record has changed, has ended, or ``holder`` does not hold its lease.
        """
        ...

    async def claim(
        self, holder: str, *, most: int, lease: timedelta, only: JobId | None = None
    ) -> Claimed:
        """Lease up to ``most`` (and 500) due jobs, the longest due first; or ``only`` that one.

        Records that cannot be read are quarantined and left out; those of a newer schema are not
        touched.
        """
        ...

    async def renew(self, holder: str, jobs: Sequence[JobId], *, lease: timedelta) -> Renewal:
        """Prolong the leases that the holder has, and clear their dirty marks (it is told)."""
        ...

    async def release(self, holder: str, job: JobId, *, look_again_at: datetime | None) -> None:
        """Give a lease up without a change; a dirty job is due now.

        Nothing if the lease is not held.
        """
        ...

    async def wake(self, job: JobId) -> None:
        """Make a job that has not ended due now (mark it dirty if it is leased).

        What has been due for longer keeps its turn.

        Takes it out of quarantine, so that a record that was repaired is tried again.
        """
        ...

    def wakes(self) -> AsyncGenerator[Wake, None]:
        """Hear what became due sooner; ends with ``StoreUnavailable``. A hint: may be lost.

        The first wake is empty and says that hearing has begun: claim then, as earlier ones are
        lost.
        """
        ...

    async def list(
        self, *, state: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page:
        """Give jobs, latest schedule first.

        Raises:
            InvalidInput: the cursor is not one of ours.
        """
        ...

    async def slots(self, provider: str) -> Mapping[str, JobId]:
        """Give the launches that hold a slot: token → job."""
        ...

    async def refill(self, provider: str, caps: Caps) -> int:
        """Wake as many jobs of the waiting line as slots are free (the hour goes on).

        They stay in line until they are saved. Gives how many were not due before. Jobs that wait
        for the pace get an earlier turn where others have left their line.
        """
        ...

    async def halt(self, provider: str, why: Halted) -> Halted:
        """Let nobody begin a launch of the provider until it is resumed.

        May be repeated: the first halt stays. Gives the one that is kept.
        """
        ...

    async def resume(self, provider: str, caps: Caps) -> int:
        """Let the provider go on, and wake as many jobs of its waiting line as slots are free.

        May be repeated, also for one that is not halted. Gives how many were not due before.
        """
        ...

    async def halted(self) -> Mapping[str, Halted]:
        """Give the providers that are halted, and why."""
        ...

    async def waits_in_line(
        self,
        job: Job,
        *,
        caps: Caps = NO_CAPS,
        freed: int = 0,
        holder: str = "",
        waiting_until: datetime | None = None,
    ) -> bool:
        """Let a job wait in line as a save does, if its provider is halted or a cap is reached.

        Asked before a provider is: who waits costs it no look-up. It takes nothing, so the save
        may find another answer. False: there is room, and nothing was changed.

        Args:
            job: as it was read.
            caps: of its provider.
            freed: slots that the job gives up in the save in which it takes one.
            holder: who has its lease.
            waiting_until: when it is due if nothing wakes it.

        Raises:
            StaleWrite: the record has changed, has ended, or ``holder`` does not hold its lease.
        """
        ...

    async def raise_alarm(self, name: str, sentence: str) -> bool:
        """Keep an alarm until it is cleared; say whether it is new.

        May be repeated: the last sentence is kept, with the time at which it was raised first.
        """
        ...

    async def clear_alarm(self, name: str) -> bool:
        """Forget an alarm; say whether there was one. May be repeated."""
        ...

    async def alarms(self) -> Mapping[str, Alarm]:
        """Give the alarms that are raised, by name. They are few: one for each thing that fails."""
        ...

    async def suspect(self, name: str, machines: Sequence[str]) -> Mapping[str, datetime]:
        """Keep a list of suspects, and give since when each one has been on it without a break.

        Whoever is not on the list is forgotten. Not safe to repeat with another list.

        Args:
            name: of the list.
            machines: all that are suspected now.
        """
        ...

    async def permit(self, name: str, *, within: timedelta) -> None:
        """Keep an operator's word, to be used once within that time. May be repeated."""
        ...

    async def use_permit(self, name: str) -> bool:
        """Use an operator's word up; say whether there was one."""
        ...

    async def see_reaper(self, provider: str) -> None:
        """Say that a provider was reaped now."""
        ...

    async def reaped(self) -> Mapping[str, datetime]:
        """Give when each provider was reaped last."""
        ...

    async def lock(self, name: str, holder: str, *, lease: timedelta) -> bool:
        """Take or renew a lock; False: somebody else has it."""
        ...

    async def unlock(self, name: str, holder: str) -> None:
        """Give a lock up, if it is held."""
        ...

    async def bind(self, name: str, value: str) -> str:
        """Keep a value under a name for good, unless there is one; give the one that is kept."""
        ...

    async def changes(self, consumer: str, *, most: int, wait: timedelta) -> Sequence[Change]:
        """Give changes that nobody of the group was given, or that one never acknowledged."""
        ...

    async def acknowledge(self, changes: Sequence[Change]) -> None:
        """Mark changes as told."""
        ...

    async def quarantine(self) -> Sequence[Quarantined]:
        """Give the records that could not be read."""
        ...

    async def examine(
        self,
        providers: Collection[str],
        *,
        most: int,
        cursor: str | None = None,
        everything: bool = False,
    ) -> Examined:
        """Look at up to ``most`` (and 500) index entries, and give those that contradict a record.

        Repairs nothing: a fault may be put right, or be none any more, by the time it is repaired.
        Records that a newer version wrote, and those in quarantine, are not judged.

        Args:
            providers: whose slots and lines are looked at.
            most: entries; costs the store a few microseconds each.
            cursor: where to go on, empty for the beginning. None: where the last call without one
                stopped, whoever made it; where this one stops is kept for the next.
            everything: also jobs that have ended; otherwise only the others.
        """
        ...

    async def faults(self, jobs: Collection[JobId]) -> tuple[Fault, ...]:
        """Give those of up to some thousand jobs whose index entries contradict their record."""
        ...

    async def repair(
        self, job: JobId, *, place: str = "", provider: str = "", token: str = ""
    ) -> tuple[str, ...]:
        """Rebuild all index entries of a job from its record; say which were wrong.

        Whole or not at all, and only from the record as it stands. What misses a due time is due
        now, or when its lease ends. A record in quarantine that can be read (again) is taken out.
        One of a newer version is left alone. May be repeated: what is right is not touched.

        Args:
            job: one that has a record, or of which there is an entry only.
            place: where a list has it, if it has no record; as a fault tells it.
            provider: whose slot or line it is in, likewise.
            token: the slot that it is not to hold, likewise.

        Raises:
            UnreadableRecord: the record is broken; it is put into quarantine.
        """
        ...

    async def overdue(self, *, by: timedelta, most: int) -> Sequence[JobId]:
        """Give jobs whose due time (or lease) passed that long ago."""
        ...

    async def past_retention(self, *, most: int) -> Sequence[JobId]:
        """Give up to ``most`` (and 500) jobs whose retention is over, the longest over first."""
        ...

    async def prune(self, jobs: Sequence[JobId]) -> Sequence[JobId]:
        """Forget those of the jobs whose retention is over; give which it forgot.

        Up to 500 in one call. May be repeated: a job is given once.
        """
        ...

    async def see_worker(self, holder: str, *, lease: timedelta) -> None:
        """Say that this worker lives."""
        ...

    async def workers(self) -> Sequence[str]:
        """Give the workers that live."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


__all__ = [
    "NO_CAPS",
    "Accepted",
    "Alarm",
    "Claimed",
    "Examined",
    "Fault",
    "Halted",
    "Idempotency",
    "Listed",
    "Page",
    "Quarantined",
    "Renewal",
    "Saved",
    "Store",
    "Wake",
]
