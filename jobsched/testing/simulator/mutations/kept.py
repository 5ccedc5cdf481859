"""The worlds in which each mutation was found, kept in a file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jobsched.testing.simulator.mutations.search import Search

HEAD = "# Written by `python -m jobsched.testing.simulator.mutations --write`.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The smallest world in which a mutation was found."""

    seed: int
    jobs: int
    caught_by: str


def read(path: Path) -> dict[str, Kept]:
    """Give them by the mutations' names; none if there is no such file."""
    if not path.exists():
        return {}
    return {name: Kept(**one) for name, one in tomllib.loads(path.read_text("utf-8")).items()}


def write(path: Path, kept: Mapping[str, Kept]) -> None:
    """Write them in the order of their names."""
    parts = (
        f'\n["{name}"]\nseed = {one.seed}\njobs = {one.jobs}\ncaught_by = "{one.caught_by}"\n'
        for name, one in sorted(kept.items())
    )
    path.write_text(HEAD + "".join(parts), "utf-8")


def of(found: Iterable[Search]) -> dict[str, Kept]:
    """Give what is to be kept of searches; of those that found nothing, nothing."""
    return {
        one.mutation.name: Kept(seed=one.seed, jobs=one.jobs, caught_by=one.caught_by)
        for one in found
        if one.caught_by
    }


__all__ = ["Kept", "of", "read", "write"]
