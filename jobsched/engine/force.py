"""force: let the reaper end many machines at once, by an operator's word."""

from __future__ import annotations

from datetime import datetime, timedelta

from jobsched.engine.parts import Parts
from jobsched.engine.reap import name_of
from jobsched.errors import NotFound, UnknownName

#: the word counts for this long, and for one pass
COUNTS_FOR = timedelta(minutes=10)


async def force(parts: Parts, name: str) -> datetime:
    """Let the next pass over a provider end whatever is no job's; give until when that counts.

    May be repeated: the last word counts.

    Raises:
        NotFound: no provider of that name is loaded.
    """
    try:
        parts.registry.provider(name)
    except UnknownName as error:
        raise NotFound(error.message) from error
    await parts.store.permit(name_of(name), within=COUNTS_FOR)
    until = parts.now + COUNTS_FOR
    parts.services.log.warning("reap.forced", provider=name, until=until.isoformat())
    return until


__all__ = ["COUNTS_FOR", "force"]
