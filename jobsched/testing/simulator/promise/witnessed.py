"""A provider of which each termination is seen, in the moment in which it is asked for."""

from __future__ import annotations

from typing import Any, Final

from structlog.contextvars import get_contextvars

from jobsched.contracts.provider import InstanceStatus, Provider
from jobsched.domain.job import Instance
from jobsched.testing.simulator.books import Books

#: who ends a machine that is not ended for its job
REAPER: Final = "the reaper"


class Witnessed:
    """Stands before a provider.

    Args:
        provider: the one.
        books: of its machines, with the witness who is told.
    """

    def __init__(self, provider: Provider, books: Books) -> None:
        self._provider = provider
        self._books = books

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """End a machine, if it is on."""
        machine, witness = self._books.by_id(instance.id), self._books.witness
        if machine and witness:
            witness.is_told_to_end(machine, "its job" if get_contextvars().get("job") else REAPER)
        elif witness and instance.id not in self._books.born_at:
            witness.is_no_business_of_ours(instance.id)
        return await self._provider.terminate(instance)


__all__ = ["REAPER", "Witnessed"]
