"""What hosts are asked, in a thread: who has you?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jobsched_static_hosts import lease
from jobsched_static_hosts.engine import Engine, InDoubt, Unanswered
from jobsched_static_hosts.lease import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A host that answered."""

    engine_id: str
    #: the lease that it has, or that a question was about
    lease: Lease | None
    #: the lease was given back
    is_over: bool = False


def take(engine: Engine, wanted: Lease, now: datetime) -> Seen:
    """Take the host, or see who has it.

    Raises:
        InDoubt: the lease may have been created.
    """
    holder = lease.take(engine, wanted, now)
    is_ours = holder is wanted
    try:
        # It takes an engine longer to tell than all the rest: not asked where it is not needed.
        engine_id = engine.id() if is_ours else ""
    except Unanswered as error:
        raise InDoubt(str(error), error.reason) from error
    return Seen(engine_id=engine_id, lease=holder or wanted, is_over=holder is None)


def see(engine: Engine) -> Seen:
    """See who has the host."""
    return Seen(engine_id=engine.id(), lease=lease.look(engine))


def find(engine: Engine, token: str) -> Seen | None:
    """See whether the host is, or was, a token's."""
    seen = see(engine)
    if seen.lease is not None and seen.lease.token == token:
        return seen
    over = lease.look_back(engine, token)
    return Seen(engine_id=seen.engine_id, lease=over, is_over=True) if over else None


__all__ = ["Seen", "find", "see", "take"]
