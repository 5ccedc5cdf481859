"""Whether a provider's machines are all somebody's: by the reaper's own judgement, ending none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from jobsched import log
from jobsched.bootstrap.configured import secrets_of
from jobsched.bootstrap.doctor.jobs import JobsCheck
from jobsched.bootstrap.doctor.reading import identity_of
from jobsched.bootstrap.doctor.server import Server
from jobsched.config import Config
from jobsched.contracts.check import Check, Finding
from jobsched.contracts.provider import OwnedMachine, Provider
from jobsched.domain.cost import HOUR
from jobsched.engine import answer
from jobsched.engine.orphan import Orphan, job_of, orphan, overdue
from jobsched.engine.reap import name_of
from jobsched.errors import NotFound, OperationFailed, UnreadableRecord
from jobsched.hooks.checks import WITHIN
from jobsched.hooks.patience import Broke, NoAnswer, patiently
from jobsched.store.keepable import NotKeepable
from jobsched.store.redis import RedisStore

#: so that the records can be read within a check's own time
LISTED_WITHIN: Final = WITHIN * 0.8
#: as though a pass of the reaper had seen it before
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
#: what comes of leaks, if nothing keeps the reaper from them
WAY: Final = "workers end those of launches every minute; end the others by hand"
#: machines that are named in a sentence
NAMED: Final = 10
#: characters of a sentence, at the most
LONGEST: Final = 900

_log = log.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine that costs money for nobody."""

    machine: OwnedMachine
    why: str

    def told(self, now: datetime) -> str:
        """Give its id, why it is here, how old it is, and what it has cost."""
        words = [self.machine.instance.id, self.why.replace("_", " ")]
        if self.machine.launched_at is None:
            return f"{words[0]} ({words[1]}, nobody knows since when)"
        age = now - self.machine.launched_at
        words.append(f"{age / MINUTE:.0f} min" if age < HOUR else f"{age / HOUR:.1f} h")
        if self.machine.usd_per_hour is not None:
            cost = float(self.machine.usd_per_hour) * (age / HOUR)
            words.append(f"about {cost:.2f} USD")
        return f"{words[0]} ({', '.join(words[1:])})"


class Leaks(JobsCheck):
    """No machine is on that no record counts on, and none that belongs to no launch.

    Args:
        server: the deployment's Redis.
        config: whose secret the tokens of launches are made from.
        provider: whose machines are looked at.
    """

    def __init__(self, server: Server, config: Config, provider: Provider) -> None:
        super().__init__(server, config)
        self._provider = provider

    async def ask(self, store: RedisStore) -> Finding:
        """See above."""
        try:
            # the machines before the records: whatever is launched meanwhile is not on the list
            machines = await self._listed()
        except (OperationFailed, NotKeepable) as error:
            return Finding("unknown", f"{self._provider.name} does not list them: {_line(error)}")
        except (Exception, Broke) as error:  # noqa: BLE001 - a provider that is broken is told as such
            what = f"{self._provider.name}.owned"
            _log.exception("plugin.failed", call=what)
            return Finding("unknown", f"{what} failed: {type(error).__name__}; the log says where")
        # whose store it is, and whose secret: in another's no machine of ours has a record
        now = await store.check()
        leaks, unsure = [], 0
        for one in machines:
            try:
                found = await self._judged(store, one, now)
            except UnreadableRecord:
                unsure += 1
                continue
            if found is not None:
                leaks.append(found)
        ends = name_of(self._provider.name) not in await store.alarms()
        way = WAY if ends else f"see the alarm {name_of(self._provider.name)}"
        return self._of(leaks, len(machines), unsure, now, way)

    async def _listed(self) -> Sequence[OwnedMachine]:
        what = f"{self._provider.name}.owned"
        try:
            found = answer.owned(await patiently(what, self._provider.owned, LISTED_WITHIN))
        except NoAnswer as error:
            words = f"no answer within {LISTED_WITHIN.total_seconds():g} s"
            raise OperationFailed("time_out", words) from error
        wrong = [one for one in found if isinstance(one, NotKeepable)]
        if wrong:
            raise wrong[0]
        # one that is ending already is no leak; if it does not come to its end, there is an alarm
        return [one for one in found if isinstance(one, OwnedMachine) and one.phase != "going"]

    async def _judged(
        self, store: RedisStore, machine: OwnedMachine, now: datetime
    ) -> Machine | None:
        late = overdue(machine, now)
        if late is not None:
            return Machine(machine=machine, why=late.why)
        job = job_of(machine)
        if job is None:
            return Machine(machine=machine, why="it belongs to no launch")
        try:
            record = await store.read(job)
        except NotFound:
            record = None
        lost = orphan(machine, record, secrets_of(self._config, identity_of(self._config)))
        return Machine(machine=machine, why=lost.why) if lost and _is_ripe(lost, now) else None

    def _of(
        self, leaks: Sequence[Machine], machines: int, unsure: int, now: datetime, way: str
    ) -> Finding:
        name = self._provider.name
        doubt = f"; of {unsure} nobody can tell, as their records cannot be read" if unsure else ""
        if not leaks:
            words = f"{machines} machines of {name} are on, none of which is nobody's{doubt}"
            return Finding("unknown" if unsure else "pass", words)
        told = "; ".join(one.told(now) for one in leaks[:NAMED])
        more = f"; and {len(leaks) - NAMED} more" if len(leaks) > NAMED else ""
        words = f"{len(leaks)} of {machines} machines of {name} are nobody's: {told}{more}{doubt}"
        return Finding("fail", f"{words[:LONGEST]}. {way}")


def _is_ripe(lost: Orphan, now: datetime) -> bool:
    return lost.is_ripe(now, LONG_AGO)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def leaks_of(server: Server, config: Config, provider: Provider) -> Check:
    """Make the check of one provider, with its name."""
    named = type("LeaksOfProvider", (Leaks,), {"name": f"leaks.{provider.name}"})
    made: Check = named(server, config, provider)
    return made


__all__ = ["Leaks", "leaks_of"]
