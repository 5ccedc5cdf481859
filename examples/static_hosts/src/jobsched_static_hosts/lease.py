"""The lease of a host: a container of a fixed name, which an engine gives to one taker only.

Two workers, or two deployments that know nothing of each other, meet at the host itself. The lease
is never started. What is left of one that was given back is a mark, so that a request that comes
late gets no host any more; it is removed when no such request can come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobsched_static_hosts.engine import Engine, InDoubt, Unanswered

NAME = "jobsched-lease"
MARK = "jobsched-spent-"
TOKEN = "jobsched.lease.token"  # noqa: S105 - the name of a label
DEPLOYMENT = "jobsched.lease.deployment"
DIES_AT = "jobsched.lease.dies_at"
JOB = "jobsched.lease.job"
ATTEMPT = "jobsched.lease.attempt"
#: Clocks of deployments that share a host may differ.
MARGIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who has a host, and when the core has surely given it up."""

    token: str
    deployment: str
    dies_at: datetime | None
    #: whom it serves, for whoever looks at the host
    job: str = ""
    attempt: int = 0

    def labels(self) -> dict[str, str]:
        """Give it as labels of a container."""
        return {
            TOKEN: self.token,
            DEPLOYMENT: self.deployment,
            DIES_AT: self.dies_at.isoformat() if self.dies_at else "",
            JOB: self.job,
            ATTEMPT: str(self.attempt),
        }

    @classmethod
    def of(cls, labels: Mapping[str, str]) -> Lease:
        """Read it from labels; a container of somebody else has no token."""
        try:
            dies_at = datetime.fromisoformat(labels.get(DIES_AT, ""))
        except ValueError:
            dies_at = None
        attempt = labels.get(ATTEMPT, "")
        return cls(
            token=labels.get(TOKEN, ""),
            deployment=labels.get(DEPLOYMENT, ""),
            dies_at=dies_at,
            job=labels.get(JOB, ""),
            attempt=int(attempt) if attempt.isdecimal() else 0,
        )

    def ended(self, now: datetime) -> bool:
        """Say whether its time is over."""
        return self.dies_at is not None and self.dies_at <= now


def take(engine: Engine, wanted: Lease, now: datetime) -> Lease | None:
    """Take the host; give the lease that it has then, ours or another; None: ours is over.

    May be repeated, by anybody: the same token adopts what it has.

    Raises:
        InDoubt: the lease may have been created.
    """
    if wanted.ended(now):
        return None
    try:
        holder = _take(engine, wanted, now)
        # Looked at after the lease is there: a termination that came in between wins.
        if holder is wanted and _is_spent(engine, wanted):
            _remove(engine, wanted)
            return None
    except Unanswered as error:
        raise InDoubt(str(error), error.reason) from error
    return holder


def _take(engine: Engine, wanted: Lease, now: datetime) -> Lease:
    while not engine.create(NAME, wanted.labels()):
        found = engine.find(NAME)
        if found is None:
            # It was given back in between.
            continue
        holder = Lease.of(found.labels)
        if holder.token == wanted.token:
            break
        if not _is_void(engine, holder, now):
            return holder
        engine.remove(found.id)
    return wanted


def look(engine: Engine) -> Lease | None:
    """Give the lease that the host has."""
    found = engine.find(NAME)
    return Lease.of(found.labels) if found else None


def look_back(engine: Engine, token: str) -> Lease | None:
    """Give the lease of a token that was given back; None also if that was long ago."""
    labels = engine.marks(TOKEN).get(MARK + token)
    return Lease.of(labels) if labels is not None else None


def give_back(engine: Engine, ended: Lease, now: datetime) -> None:
    """Give the host back. May be repeated; another token's lease is not touched."""
    # Before the lease is removed: whoever creates it anew after that sees the mark.
    engine.mark(MARK + ended.token, ended.labels())
    _remove(engine, ended)
    for name, labels in engine.marks(TOKEN).items():
        # A request whose time is over is refused without a mark.
        if Lease.of(labels).ended(now - MARGIN):
            engine.unmark(name)


def _remove(engine: Engine, ended: Lease) -> None:
    found = engine.find(NAME)
    if found is not None and Lease.of(found.labels).token == ended.token:
        # By id: of that name there may be another one by now.
        engine.remove(found.id)


def _is_spent(engine: Engine, lease: Lease) -> bool:
    return MARK + lease.token in engine.marks(TOKEN)


def _is_void(engine: Engine, holder: Lease, now: datetime) -> bool:
    """Whether a lease is there only because its worker died, or could not reach the host.

    A job that may still run keeps its host, however late it is.
    """
    return _is_spent(engine, holder) or (holder.ended(now - MARGIN) and not engine.has_jobs())


__all__ = ["NAME", "Lease", "give_back", "look", "look_back", "take"]
