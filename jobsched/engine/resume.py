"""resume: let a halted provider be asked for machines again, by an operator's word."""

from __future__ import annotations

from jobsched.engine.parts import Parts
from jobsched.errors import NotFound, UnknownName


async def resume(parts: Parts, name: str) -> int:
    """Resume a provider, and wake who waits for it; give how many were woken.

    No more are woken than its caps let begin; the others follow as slots become free. May be
    repeated, also for a provider that is not halted: that wakes who fits, and does no harm.

    Raises:
        NotFound: no provider of that name is loaded.
    """
    try:
        provider = parts.registry.provider(name)
    except UnknownName as error:
        raise NotFound(error.message) from error
    halted = (await parts.store.halted()).get(name)
    woken = await parts.store.resume(name, provider.caps)
    parts.services.log.warning(
        "provider.resumed",
        provider=name,
        woken=woken,
        reason=halted.reason if halted else None,
        halted_at=halted.at.isoformat() if halted else None,
    )
    return woken


__all__ = ["resume"]
