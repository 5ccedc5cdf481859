"""How soon the jobs that a killed worker had in hand are taken up by another one.

Read in Redis, at the leases themselves: a job that nobody has in hand waits for nobody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis

#: seconds between two looks; a job is seen to be taken so much later than it was, at most
EVERY = 0.2
#: seconds that Redis may be silent
PATIENCE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time, by the monotonic clock."""

    begin: float
    end: float

    def common(self, other: Span) -> float:
        """Give the seconds that both have in common."""
        return max(0.0, min(self.end, other.end) - max(self.begin, other.begin))


@dataclass(slots=True, kw_only=True)
class Estate:
    """What a killed worker left."""

    worker: str
    died_at: float
    #: jobs whose lease is still the dead one's; None: nobody could look yet
    held: set[str] | None = None


@dataclass(slots=True)
class Inheritance:
    """Looks in a thread of its own."""

    url: str
    #: gives the ids of jobs that may be in hand
    ids: Callable[[], Sequence[str]]
    #: from the death to the next step, for each job that was in hand
    waits: list[Span] = field(default_factory=list)
    #: when Redis did not answer
    absences: list[Span] = field(default_factory=list)
    _estates: list[Estate] = field(default_factory=list)
    _away_since: float | None = None

    def died(self, worker: str) -> None:
        """Tell that a worker was killed just now."""
        self._estates.append(Estate(worker=worker, died_at=time.monotonic()))

    def away(self) -> None:
        """Tell that Redis was killed, or stands still, from now on."""
        if self._away_since is None:
            self._away_since = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether all that was in hand was taken up."""
        return not self._estates

    def seconds(self) -> list[float]:
        """Give each wait without the time that Redis itself was away."""
        return [
            one.end - one.begin - sum(one.common(other) for other in self.absences)
            for one in self.waits
        ]

    def look(self, client: redis.Redis) -> None:
        """Look once.

        Raises:
            redis.RedisError: Redis does not answer.
        """
        asked_at = time.monotonic()
        client.ping()
        if self._away_since is not None and self._away_since < asked_at:
            self.absences.append(Span(begin=self._away_since, end=time.monotonic()))
            self._away_since = None
        for estate in list(self._estates):
            wanted = self.ids() if estate.held is None else sorted(estate.held)
            held = _held(client, estate.worker, wanted)
            seen_at = time.monotonic()
            for _ in (estate.held or set()) - held:
                self.waits.append(Span(begin=estate.died_at, end=seen_at))
            estate.held = held
            if not held:
                self._estates.remove(estate)


def _held(client: redis.Redis, worker: str, jobs: Sequence[str]) -> set[str]:
    with client.pipeline(transaction=False) as pipe:
        for job in jobs:
            pipe.hget(f"jobsched:job:{job}", "holder")
        holders = pipe.execute()
    return {job for job, holder in zip(jobs, holders, strict=True) if holder == worker.encode()}


@contextmanager
def looking(made: Inheritance) -> Iterator[Inheritance]:
    """Look until the context is left."""
    over = threading.Event()

    def work() -> None:
        with redis.Redis.from_url(
            made.url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        ) as client:
            while not over.wait(EVERY):
                try:
                    made.look(client)
                except redis.RedisError:
                    continue

    thread = threading.Thread(target=work, daemon=True, name="inheritance")
    thread.start()
    try:
        yield made
    finally:
        over.set()
        thread.join()


__all__ = ["Inheritance", "Span", "looking"]
