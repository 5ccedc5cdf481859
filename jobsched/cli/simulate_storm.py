"""``jobsched simulate --jobs``: worlds in which everything goes wrong, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from jobsched.cli import bar, output, table
from jobsched.cli.failure import FAILED, Failure
from jobsched.errors import InvalidInput
from jobsched.testing.simulator import kept, report
from jobsched.testing.simulator.run import Report, simulate, worlds
from jobsched.testing.simulator.world import Setting, Told

#: of what was not reached, in a sentence
NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for."""

    jobs: int
    seed: int
    heat: float
    lossy: bool
    #: worlds that are tried first, and to which those are added that break a promise
    seeds: Path | None
    #: fail unless everything was reached that must be
    covered: bool
    #: where everything that happened is written
    history: Path | None
    as_json: bool


def answer(asked: Asked) -> None:
    """Let the worlds happen, and show what came of them.

    Raises:
        InvalidInput: the file of seeds is none, or a file cannot be written.
        Failure: a promise was broken; or ``covered`` was asked for, and not all was reached.
    """
    if asked.seeds and not asked.seeds.parent.is_dir():
        raise InvalidInput(f"there is no folder {asked.seeds.parent} to keep seeds in")
    tried = [*(kept.read(asked.seeds) if asked.seeds else ()), *_worlds(asked)]
    with ExitStack() as stack:
        history = stack.enter_context(_opened(asked.history)) if asked.history else None
        ended = stack.enter_context(bar.of(sum(setting.jobs for _, setting in tried), "jobs"))

        def told(world: Told) -> None:
            ended(world.jobs)
            if history:
                _write(history, world)

        found = simulate(tried, told)
    _show(found, asked)
    if found.failed:
        _keep(found, asked)
        raise Failure(_sentence(found), FAILED)
    if asked.covered and (missing := found.missing()):
        more = f", and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        sentence = f"not reached in {found.jobs} jobs: {', '.join(missing[:NAMED])}{more}"
        raise Failure(sentence, FAILED)


def _opened(file: Path) -> TextIO:
    try:
        return file.open("w", encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error


def _worlds(asked: Asked) -> Iterator[tuple[int, Setting]]:
    return worlds(asked.jobs, asked.seed, Setting(heat=asked.heat, lossy=asked.lossy))


def _write(history: TextIO, world: Told) -> None:
    history.write(f"world {world.seed}\n")
    history.writelines(f"{line}\n" for line in world.history.lines())


def _show(found: Report, asked: Asked) -> None:
    for one in found.failed:
        output.progress(f"world {one.seed}, {one.setting.jobs} jobs:\n{one.explained}\n")
    if asked.as_json:
        output.document(report.document(found))
        return
    table.show(("simulated", ""), list(report.rows(found)))


def _keep(found: Report, asked: Asked) -> None:
    if asked.seeds and (lines := kept.add(asked.seeds, found.failed)):
        output.progress("\n".join([f"added to {asked.seeds}, and tried from now on:", *lines]))


def _sentence(found: Report) -> str:
    first = found.failed[0]
    setting = first.setting
    heat = f" --heat {setting.heat:g}" if setting.heat != 1 else ""
    again = f"--jobs {setting.jobs} --seed {first.seed}{heat}{' --lossy' if setting.lossy else ''}"
    return (
        f"{found.violations} promises were broken in {len(found.failed)} of {found.worlds} worlds;"
        f" the first of them again: jobsched simulate {again}"
    )


__all__ = ["Asked", "answer"]
