"""In which order hosts are offered. It decides nothing: a host itself says whether it is free."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


class Ranking:
    """Remembers which hosts were not free when they were last heard of; these come last."""

    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts = sorted(hosts)
        self._not_free: set[str] = set()

    def order(self, seed: str) -> list[str]:
        """Give all hosts; another seed begins with another one, so that jobs seldom meet."""
        first = int.from_bytes(hashlib.sha256(seed.encode()).digest()) % len(self._hosts)
        turned = self._hosts[first:] + self._hosts[:first]
        return sorted(turned, key=lambda host: host in self._not_free)

    def note(self, host: str, *, is_free: bool) -> None:
        """Take down what was heard of a host."""
        if is_free:
            self._not_free.discard(host)
        else:
            self._not_free.add(host)


__all__ = ["Ranking"]
