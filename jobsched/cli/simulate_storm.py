"""``jobsched simulate --jobs``: worlds in which everything goes wrong, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from jobsched import log
from jobsched.cli import bar, output, table
from jobsched.cli.failure import FAILED, Failure
from jobsched.cli.simulate_history import history
from jobsched.testing.simulator import document, kept, writable
from jobsched.testing.simulator.report import Report
from jobsched.testing.simulator.result import Result
from jobsched.testing.simulator.run import World, simulate, worlds
from jobsched.testing.simulator.world import Setting

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
    #: fail unless everything was reached that must be, and the figures are met
    covered: bool
    #: where everything that happened is written
    history: Path | None
    #: so many worlds happen at a time
    processes: int
    as_json: bool


def answer(asked: Asked) -> None:
    """Let the worlds happen, and show what came of them.

    Raises:
        InvalidInput: the file of seeds is none, or a file cannot be written.
        Failure: a promise was broken; or ``covered`` was asked for, and it is not so.
    """
    log.configure()
    if asked.seeds:
        writable.check(asked.seeds)
    setting = Setting(heat=asked.heat, lossy=asked.lossy)
    tried = [
        *(kept.read(asked.seeds) if asked.seeds else ()),
        *worlds(asked.jobs, asked.seed, setting),
    ]
    found = Report(setting=setting)
    with _interrupted(found, tried):
        _simulate(found, tried, asked)
    _show(found, asked)
    if found.failed:
        raise Failure(_sentence(found), FAILED)
    if asked.covered and (sentences := [*_missing(found), *found.unmet()]):
        raise Failure("\n".join(sentences), FAILED)


def _simulate(found: Report, tried: Sequence[World], asked: Asked) -> None:
    """Let them happen; what is broken is told and kept at once."""
    with ExitStack() as stack:
        write = stack.enter_context(history(asked.history))
        ended = stack.enter_context(bar.of(_jobs(tried), "jobs"))
        happening = simulate(
            tried, processes=asked.processes, with_history=asked.history is not None
        )
        for one in stack.enter_context(closing(happening)):
            found.add(one)
            write(one)
            if one.violations:
                _tell(one, asked)
            ended(one.setting.jobs)


@contextmanager
def _interrupted(found: Report, tried: Sequence[World]) -> Iterator[None]:
    """Say how far it came where it does not come to its end."""
    try:
        yield
    except (KeyboardInterrupt, BrokenProcessPool) as error:
        how_far = f"after {found.jobs:,} of {_jobs(tried):,} jobs"
        so_far = f"{how_far}; promises broken until then: {found.violations}"
        if isinstance(error, BrokenProcessPool):
            raise Failure(f"a process was killed {so_far}", FAILED) from error
        output.progress(f"interrupted {so_far}")
        raise


def _jobs(of: Sequence[World]) -> int:
    return sum(setting.jobs for _, setting in of)


def _tell(one: Result, asked: Asked) -> None:
    output.progress(f"world {one.seed}, {one.setting.jobs} jobs:\n{one.explained}\n")
    if asked.seeds and (lines := kept.add(asked.seeds, [one])):
        output.progress("\n".join([f"added to {asked.seeds}, and tried from now on:", *lines]))


def _show(found: Report, asked: Asked) -> None:
    if asked.as_json:
        output.document(document.document(found))
        return
    table.show(("simulated", ""), list(document.rows(found)))


def _sentence(found: Report) -> str:
    first = found.failed[0]
    setting = first.setting
    heat = f" --heat {setting.heat}" if setting.heat != 1 else ""
    again = f"--jobs {setting.jobs} --seed {first.seed}{heat}{' --lossy' if setting.lossy else ''}"
    number = found.violations
    broken = "1 promise was broken" if number == 1 else f"{number} promises were broken"
    where = f"in {len(found.failed)} of {found.worlds} worlds"
    return f"{broken} {where}; the first of them again: jobsched simulate {again}"


def _missing(found: Report) -> Iterator[str]:
    if missing := found.missing():
        more = f", and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        yield f"not reached in {found.jobs} jobs: {', '.join(missing[:NAMED])}{more}"


__all__ = ["Asked", "answer"]
