"""Chance: the same seed and the same thing give the same number, whatever happens beside it."""

from __future__ import annotations

from jobsched.domain.retry import jitter


class Chance:
    """Numbers from 0 to 1, each of a thing by its name.

    No order of events changes them: a job runs as long with a cap as without one, so two scenarios
    can be compared.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def of(self, what: str, *whose: object) -> float:
        """Give the number of a thing: what it is about, and whose."""
        return jitter("/".join((str(self._seed), what, *map(str, whose))))


__all__ = ["Chance"]
