"""clean: let a provider remove what its machines left behind."""

from __future__ import annotations

from jobsched.contracts.provider import Provider
from jobsched.engine import answer
from jobsched.engine.call import call
from jobsched.engine.parts import Parts
from jobsched.errors import OperationFailed


async def clean(parts: Parts, provider: Provider) -> int:
    """Tell of what was removed; give how many things. May be repeated.

    Called every minute by the one holder of the provider's lock, after the reaper.

    Raises:
        LeaseOver: the lock is lost.
    """
    what = f"{provider.name}.remove_leftovers"
    try:
        removed = await call(parts, what, provider.remove_leftovers, answer.words)
    except OperationFailed as error:
        about = {"reason": error.reason, "why": error.message}
        parts.services.log.warning("clean.failed", provider=provider.name, **about)
        return 0
    for one in removed:
        parts.services.log.info("leftover.removed", provider=provider.name, leftover=one)
    return len(removed)


__all__ = ["clean"]
