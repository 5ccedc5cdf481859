"""Break a line of a file: take it out, or put another in its place."""

from __future__ import annotations

import re


class NotHeld(ValueError):
    """The line is not in its file, or it is there more than once."""


def broken(text: str, line: str, instead: str = "") -> str:
    """Give the text without the line, or with another in its place, as far indented as the first.

    Raises:
        NotHeld: what is given is no whole line of the text, or stands in it more than once.
    """
    whole = re.compile(rf"^([ \t]*){re.escape(line.strip())}[ \t]*(?:\n|\Z)", re.MULTILINE)
    found = whole.findall(text)
    if len(found) != 1:
        raise NotHeld(f"{len(found)} times in the file, and not once: {line.strip()!r}")
    put = "".join(f"{found[0]}{one}\n" for one in instead.strip().splitlines())
    return whole.sub(lambda _: put, text)


__all__ = ["NotHeld", "broken"]
