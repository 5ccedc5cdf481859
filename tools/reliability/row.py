"""A row of a fault table, as its file in `rows/` has it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "rows"

#: table → what it is about, and how many rows it has
TABLES = {
    "A": ("From the client to Redis", 11),
    "Q": ("From Redis to the worker", 17),
    "L": ("The launch of a machine", 16),
    "B": ("The machine boots", 7),
    "C": ("The machine calls back", 11),
    "D": ("The container is started", 11),
    "X": ("The container ends", 8),
    "G": ("Logs are kept", 6),
    "T": ("The machine is given back", 8),
    "R": ("Reaper, roll-out, operation", 9),
}
#: every row there is, in order
IDS = tuple(f"{table}{no}" for table, (_, count) in TABLES.items() for no in range(1, count + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A fault, what makes it safe, and what shows that.

    A row has tests and a line; or it says why it has none, as `outside` or as `missing`.
    """

    id: str
    #: what goes wrong
    fault: str
    #: the mechanism, in some words
    safe: str = ""
    #: pytest node ids, from the root of the repository; each goes red when the line is broken
    tests: tuple[str, ...] = ()
    #: the file of the line, from the root of the repository
    file: str = ""
    #: one whole line of it, or several, as they stand there from the first one's text on
    line: str = ""
    #: what stands in the place of the line when it is broken; empty: nothing, it is removed
    instead: str = ""
    #: why what makes it safe is not in our code
    outside: str = ""
    #: what is still to be built or tested
    missing: str = ""


def read() -> list[Row]:
    """Give the rows of all tables, in the order of their files.

    Raises:
        TypeError: an entry has a word that `Row` does not know.
    """
    found: list[Row] = []
    for table in TABLES:
        entries = tomllib.loads((FOLDER / f"{table}.toml").read_text(encoding="utf-8"))
        for row_id, entry in entries.items():
            tests = tuple(entry.pop("tests", ()))
            found.append(Row(id=row_id, tests=tests, **entry))
    return found


__all__ = ["FOLDER", "IDS", "ROOT", "TABLES", "Row", "read"]
