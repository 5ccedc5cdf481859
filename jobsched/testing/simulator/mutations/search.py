"""Look for the smallest world in which a seeded bug is seen."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from jobsched.testing.simulator.mutations.mutation import Mutation


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How the search for one mutation went."""

    mutation: Mutation
    #: how many worlds were looked at, and the CPU seconds of all
    worlds: int
    seconds: float
    #: the promise that was seen to break; empty: none, and the other two say nothing
    caught_by: str = ""
    seed: int = 0
    jobs: int = 0
    #: what was broken in worlds without the mutation, which were passed over: flaws of ours
    flaws: tuple[str, ...] = ()
    #: and what of that is a limit that the mutation names
    limits: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the mutation was found, and nothing is wrong without it."""
        return bool(self.caught_by) and not self.flaws


def search(mutation: Mutation, seeds: Iterable[int] | None = None) -> Search:
    """Give the first seed of the smallest world that finds it by a promise named for it.

    Args:
        mutation: the one.
        seeds: that are tried of each size; None: as many as the mutation says, from 0 on.
    """
    begun, worlds = time.process_time(), 0
    flaws: list[str] = []
    limits: list[str] = []
    tried = list(range(mutation.worlds) if seeds is None else seeds)
    for jobs in mutation.sizes:
        for seed in tried:
            worlds += 1
            if caught_by := mutation.catches(mutation.told(seed, jobs)):
                sound = mutation.told(seed, jobs, is_broken=False).broken
                for one in sound:
                    kind = limits if one.name in mutation.limits else flaws
                    kind.append(f"{one} (seed {seed} of {jobs} jobs)")
                if sound:
                    continue
                return Search(
                    mutation=mutation,
                    worlds=worlds,
                    seconds=time.process_time() - begun,
                    caught_by=caught_by,
                    seed=seed,
                    jobs=jobs,
                    flaws=tuple(flaws),
                    limits=tuple(limits),
                )
    return Search(
        mutation=mutation,
        worlds=worlds,
        seconds=time.process_time() - begun,
        flaws=tuple(flaws),
        limits=tuple(limits),
    )


__all__ = ["Search", "search"]
