"""What happened in a world, line by line: the same for the same seed and commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

#: lines that are shown around the moment of a broken promise
AROUND = 40


class History:
    """Everything that happened in one world, in order.

    Args:
        time: gives the virtual seconds since its beginning.
    """

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._lines: list[tuple[float, str, str]] = []

    def note(self, who: str, what: str) -> None:
        """Write down what somebody did, or what befell them."""
        self._lines.append((self._time(), who, what))

    def __len__(self) -> int:
        """Give the number of lines."""
        return len(self._lines)

    def lines(self) -> Iterator[str]:
        """Give all lines, as they are shown."""
        for at, who, what in self._lines:
            yield f"{at:12.6f} {who}: {what}"

    def before(self, line: int, about: str) -> list[str]:
        """Give the last lines until a line that have a word in them."""
        shown = [one for one in self._lines[:line] if about in one[1] or about in one[2]]
        return [f"{at:12.6f} {who}: {what}" for at, who, what in shown[-AROUND:]]

    def digest(self) -> str:
        """Give the SHA-256 of all lines, in hexadecimal digits."""
        written = hashlib.sha256()
        for line in self.lines():
            written.update(f"{line}\n".encode())
        return written.hexdigest()


__all__ = ["AROUND", "History"]
