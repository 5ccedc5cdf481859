"""Whether the store looks after every job: indexes, due times, records, and what stands still."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from jobsched.bootstrap.doctor.records import RECORDS, broken
from jobsched.bootstrap.doctor.server import Server
from jobsched.bootstrap.doctor.store import StoreCheck, opened
from jobsched.config import Config
from jobsched.contracts.check import Finding
from jobsched.domain.job import JobId
from jobsched.errors import UnreadableRecord, WrongStore
from jobsched.store.port import Fault
from jobsched.store.redis import RedisStore

#: what is indexed by provider
BY_PROVIDER: Final = ("jobsched:slots:", "jobsched:waiting:", "jobsched:paced:")
#: entries that are looked at in one call
PAGE: Final = 500
#: later than any worker that lives is
LATE: Final = timedelta(minutes=2)
#: jobs that are counted; of more, as many are told
COUNTED: Final = 1000
#: how many are named in a sentence
NAMED: Final = 5
OTHERS: Final = "not looked at: see the check redis.deployment"


class JobsCheck(StoreCheck):
    """One that asks the deployment's store."""

    def __init__(self, server: Server, config: Config, *, fix: bool = False) -> None:
        super().__init__(server)
        self._config = config
        self._fix = fix

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        del about
        try:
            async with opened(self._server, self._config) as store:
                return await self.ask(store)
        except WrongStore:
            return Finding("unknown", OTHERS)

    @abstractmethod
    async def ask(self, store: RedisStore) -> Finding:
        """Say how it stands."""


class Index(JobsCheck):
    """What is derived from records says what the records say; ``--fix`` makes it so.

    As it goes past every record, it reads each: those that cannot be read are told.
    """

    name = "jobs.index"

    def __init__(self, server: Server, config: Config, *, fix: bool = False) -> None:
        super().__init__(server, config, fix=fix)
        self._broken: list[str] = []

    async def ask(self, store: RedisStore) -> Finding:
        """See above."""
        jobs, faults = await self._faults(store)
        found = await self._told(store, jobs, faults)
        known = {one.id for one in await store.quarantine()}
        unknown = [one for one in dict.fromkeys(self._broken) if one not in known]
        if not unknown:
            return found
        words = f"records that cannot be read, met by no worker yet: {_some(unknown)}"
        return Finding("warn", f"{found.sentence}; {words}: put them right")

    async def _told(self, store: RedisStore, jobs: int, faults: Sequence[Fault]) -> Finding:
        if not faults:
            return Finding("pass", f"the indexes of {jobs} jobs are right")
        if self._fix:
            return await _repaired(store, faults)
        # a job whose record is not there is in several indexes, and is one fault
        wrong = Counter(why for _, why in {(fault.job, fault.why) for fault in faults})
        words = f"entries that contradict their record: {_counted(wrong)}; {_named(faults)}"
        return Finding("warn", f"{words}. `jobsched doctor --fix` rebuilds them from the records")

    async def _faults(self, store: RedisStore) -> tuple[int, Sequence[Fault]]:
        """Look from the records at the indexes, and from the indexes at the records."""
        providers: set[str] = set()
        # in the order in which they were found
        found: dict[Fault, None] = {}
        jobs: set[str] = set()
        async for keys in self._server.keys("jobsched:*"):
            ids = [key.removeprefix(RECORDS) for key in keys if key.startswith(RECORDS)]
            for prefix in BY_PROVIDER:
                providers |= {key.removeprefix(prefix) for key in keys if key.startswith(prefix)}
            jobs.update(ids)
            self._broken += await broken(self._server, ids)
            # a record that is not there any more was forgotten meanwhile
            faults = await store.faults([JobId(one) for one in ids])
            found |= {one: None for one in faults if one.why != "record"}
        cursor = ""
        while True:
            page = await store.examine(providers, most=PAGE, cursor=cursor, everything=True)
            found |= dict.fromkeys(page.faults)
            if not (cursor := page.cursor):
                return len(jobs), list(found)


async def _repaired(store: RedisStore, faults: Iterable[Fault]) -> Finding:
    put_right: Counter[str] = Counter()
    left = []
    for fault in faults:
        try:
            done = await store.repair(
                fault.job, place=fault.place, provider=fault.provider, token=fault.token
            )
        except UnreadableRecord:
            left.append(fault)
            continue
        put_right.update(done)
    words = f"repaired from the records: {_counted(put_right) or 'nothing, all is right by now'}"
    if left:
        return Finding("warn", f"{words}; records that cannot be read: {_named(left)}")
    return Finding("pass", words)


class Overdue(JobsCheck):
    """Nobody waits for a worker: no job is due for long, and no lease is long over."""

    name = "jobs.overdue"

    async def ask(self, store: RedisStore) -> Finding:
        """See above."""
        late = await store.overdue(by=LATE, most=COUNTED)
        workers = len(await store.workers())
        if not late:
            return Finding("pass", f"no job waits for a worker; {workers} live")
        most = "or more " if len(late) == COUNTED else ""
        minutes = LATE.total_seconds() / 60
        words = f"{len(late)} {most}jobs are due for more than {minutes:g} minutes, {late[0]} first"
        way = "look at their log" if workers else "start one: jobsched worker"
        return Finding("warn", f"{words}; {workers} workers live: {way}")


class Quarantine(JobsCheck):
    """Every record can be read; ``--fix`` lets those go on that can be read again."""

    name = "jobs.quarantine"

    async def ask(self, store: RedisStore) -> Finding:
        """See above."""
        kept = await store.quarantine()
        readable = [one.id for one in kept if self._fix and await _is_readable(store, one.id)]
        left = [one for one in kept if one.id not in readable]
        again = f"taken out of quarantine: {', '.join(readable[:NAMED])}" if readable else ""
        if not left:
            return Finding("pass", again or "every record can be read")
        words = f"{len(left)} records cannot be read, and nobody looks after their jobs: "
        first = f"{left[0].id} ({' '.join(left[0].why.split())[:300]})"
        way = "put the record right, or end the machine by hand"
        return Finding("warn", f"{again}{'; ' if again else ''}{words}{first}: {way}")


async def _is_readable(store: RedisStore, job: JobId) -> bool:
    try:
        return bool(await store.repair(job))
    except UnreadableRecord:
        return False


def _counted(wrong: Mapping[str, int]) -> str:
    return ", ".join(f"{number} of {why}" for why, number in sorted(wrong.items()))


def _named(faults: Sequence[Fault]) -> str:
    return _some(list(dict.fromkeys(str(fault.job) for fault in faults)))


def _some(jobs: Sequence[str]) -> str:
    more = f" and {len(jobs) - NAMED} more" if len(jobs) > NAMED else ""
    return f"{', '.join(jobs[:NAMED])}{more}"


class Alarms(JobsCheck):
    """Nothing stands that an operator was told to look at."""

    name = "alarms"

    async def ask(self, store: RedisStore) -> Finding:
        """See above."""
        alarms = await store.alarms()
        if not alarms:
            return Finding("pass", "no alarm stands")
        told = "; ".join(
            f"{name}, since {one.at:%Y-%m-%d %H:%M} UTC: {' '.join(one.sentence.split())}"
            for name, one in sorted(alarms.items())
        )
        return Finding("warn", told[:900])


class Halts(JobsCheck):
    """No provider is halted, so that jobs get machines."""

    name = "halted"

    async def ask(self, store: RedisStore) -> Finding:
        """See above."""
        halted = await store.halted()
        if not halted:
            return Finding("pass", "no provider is halted")
        told = "; ".join(
            f"{name}, since {one.at:%Y-%m-%d %H:%M} UTC: {one.reason}: {one.message}"
            for name, one in sorted(halted.items())
        )
        way = f"put it right, then: jobsched resume {min(halted)}"
        return Finding("fail", f"{' '.join(told.split())[:800]}; {way}")


def job_checks(server: Server, config: Config, *, fix: bool) -> list[StoreCheck]:
    """Give them all, in the order in which they are told."""
    return [
        Index(server, config, fix=fix),
        Overdue(server, config),
        Quarantine(server, config, fix=fix),
        Alarms(server, config),
        Halts(server, config),
    ]


__all__ = ["job_checks"]
