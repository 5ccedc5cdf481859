"""Hold one seed's history in each Python of this machine side by side.

`python -m tools.same_history` ends with 1 where two of them differ, and shows where.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from jobsched.testing.simulator.world import ImaginedWorld, Setting
from jobsched.testing.virtual_time import run
from tools import pythons

ROOT = Path(__file__).resolve().parent.parent
#: of each world
JOBS = 20
#: what another process does: it writes all that happened in worlds whose seeds it is given
PROGRAM = f"""
import sys
from jobsched.testing.simulator.world import Setting, tell
for seed in map(int, sys.argv[1:]):
    print("world", seed)
    print(*tell(seed, Setting(jobs={JOBS}, lossy=seed % 2 == 1)).history.lines(), sep="\\n")
"""


def seeds() -> list[int]:
    """Give seeds of a few worlds that have, between them, whatever a world may have."""
    wanted = {"hosts", "arq", "caps", "backup", "plugin", "lossy", "safe"}
    found = []
    for seed in count(1):
        traits = run(_traits(seed))
        if wanted & traits:
            found.append(seed)
        wanted -= traits
        if not wanted:
            return found
    raise AssertionError


def history(program: str, of: Sequence[int], hash_seed: str, packages: Path | None = None) -> str:
    """Give all that happens in some worlds in a process of its own.

    Args:
        program: the Python that it runs on.
        of: their seeds.
        hash_seed: strings have other hashes with another one.
        packages: what it imports from; None: it has all by itself.

    Raises:
        CalledProcessError: it failed; what it said is on stderr.
    """
    path = os.pathsep.join(str(one) for one in (ROOT, packages) if one)
    return subprocess.run(
        [program, "-s", "-c", PROGRAM, *map(str, of)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def difference(one: str, other: str) -> str:
    """Say where two histories part; empty: they are the same, byte for byte."""
    if one == other:
        return ""
    world, lines = "", (one.splitlines(), other.splitlines())
    for number in range(max(map(len, lines))):
        here, there = (of[number] if number < len(of) else "(the end)" for of in lines)
        if here != there:
            return f"{world}:\n  {here}\n  {there}"
        world = here if here.startswith("world ") else world
    return "the ends of lines"


async def _traits(seed: int) -> set[str]:
    """Say what a world has."""
    world = ImaginedWorld(seed, Setting(jobs=1, longest=0.0))
    await world.tell()
    has: Mapping[str, bool] = {
        "hosts": world.lives_on,
        "arq": world.by_arq,
        "caps": world.caps.alive is not None,
        "backup": world.is_put_back,
        "plugin": world.is_told,
        # by the seed alone, as above
        "lossy": seed % 2 == 1,
        "safe": seed % 2 == 0,
    }
    return {name for name, it_has in has.items() if it_has}


def _histories(of: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Give the histories of the others that can be had, and what they are of."""
    others = pythons.others()
    if not others:
        print("no other Python from 3.11 to 3.13 is here: another hash seed has to do")
        yield "another hash seed", history(sys.executable, of, "2")
    for name, program in others.items():
        yield name, history(program, of, "2", pythons.packages(name, program))


def main() -> None:
    """Compare all with the one of this Python."""
    of, held = seeds(), True
    mine = history(sys.executable, of, "1")
    worlds = f"{len(of)} worlds of {JOBS} jobs, {len(mine.splitlines()):,} lines"
    for name, theirs in _histories(of):
        where = difference(mine, theirs)
        held = held and not where
        print(f"{name}: {where or f'the same, byte for byte: {worlds}'}", flush=True)
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
