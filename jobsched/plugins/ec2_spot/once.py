"""Saying a thing once: EC2 shows the same machine at each look, for an hour after its end."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

#: keys that are remembered; beyond that the oldest may be said again
MOST: Final = 10_000


class Once:
    """Remembers what was said already, by this process."""

    def __init__(self) -> None:
        self._said: OrderedDict[str, None] = OrderedDict()

    def first(self, key: str) -> bool:
        """Say whether this is the first time; the next time it is not."""
        if key in self._said:
            self._said.move_to_end(key)
            return False
        self._said[key] = None
        if len(self._said) > MOST:
            self._said.popitem(last=False)
        return True


__all__ = ["Once"]
