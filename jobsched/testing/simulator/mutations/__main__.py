"""Search every seeded bug anew: `python -m jobsched.testing.simulator.mutations`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from jobsched.testing.simulator.mutations import kept
from jobsched.testing.simulator.mutations.catalogue import MUTATIONS
from jobsched.testing.simulator.mutations.search import Search, search

KEPT = Path("tests/simulation/mutations.toml")


def main(words: Sequence[str] | None = None) -> int:
    """Search, tell of each and of all; give 1 if one is not found, or a sound world is not."""
    asked = _asked(words)
    found = list(_searched(asked.only or list(MUTATIONS)))
    _say("", *_table(found))
    if asked.write:
        known = {name: one for name, one in kept.read(asked.write).items() if name in MUTATIONS}
        kept.write(asked.write, {**known, **kept.of(found)})
    return 0 if all(one.is_good for one in found) else 1


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jobsched mutations", description=__doc__)
    parser.add_argument("--only", metavar="NAME", nargs="+", choices=list(MUTATIONS))
    parser.add_argument(
        "--write",
        metavar="FILE",
        type=Path,
        nargs="?",
        const=KEPT,
        help=f"keep the worlds that found them in a file ({KEPT})",
    )
    return parser.parse_args(words)


def _searched(names: Sequence[str]) -> Iterator[Search]:
    for name in names:
        found = search(mutation := MUTATIONS[name])
        where = f" (what is broken stands for {mutation.held_by})" if mutation.held_by else ""
        _say(
            f"{name}: {_said(found)}{where}",
            *(f"  a limit that is named: {one}" for one in found.limits),
            *(f"  WITHOUT IT, TOO: {one}" for one in found.flaws),
        )
        yield found


def _said(found: Search) -> str:
    tried = f"{found.worlds} worlds, {found.seconds:.1f} s"
    if not found.caught_by:
        return f"NOT FOUND ({tried})"
    return f"“{found.caught_by}” breaks in seed {found.seed} of {found.jobs} jobs ({tried})"


def _table(found: Sequence[Search]) -> Iterator[str]:
    head = ("mutation", "caught by", "jobs", "seed", "worlds", "seconds")
    rows = [head, *(_row(one) for one in found)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(one: Search) -> tuple[str, ...]:
    where = (str(one.jobs), str(one.seed)) if one.caught_by else ("", "")
    return (
        one.mutation.name,
        one.caught_by or "NOT FOUND",
        *where,
        str(one.worlds),
        f"{one.seconds:.1f}",
    )


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
