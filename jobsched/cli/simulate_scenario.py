"""``jobsched simulate --scenario``: the answer as a table, a few sentences and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from jobsched import log
from jobsched.cli import bar, output, table
from jobsched.schemas.duration import human
from jobsched.testing.simulator.scenario import picture
from jobsched.testing.simulator.scenario.answer import answered
from jobsched.testing.simulator.scenario.document import document
from jobsched.testing.simulator.scenario.play import play
from jobsched.testing.simulator.scenario.read import read


def answer(file: Path, plot: Path | None, seed: int, *, as_json: bool) -> None:
    """Read the scenario, let it happen, and show what came of it.

    Raises:
        InvalidInput: the scenario is wrong, or the picture cannot be drawn.
    """
    log.configure()
    scenario = read(file)
    if plot:
        picture.check(plot)
    with bar.of(scenario.jobs, "jobs") as told:
        found = answered(play(scenario, seed=seed, told=told))
    figures = document(found)
    if as_json:
        output.document(figures)
    else:
        table.show(("scenario", file.name), list(_rows(figures)))
        output.data("")
        for sentence in figures["sentences"]:
            output.data(sentence)
    if plot:
        picture.draw(found, plot)
        output.progress(f"drawn: {plot}")


def _rows(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    machines, cost, late = figures["machines"], figures["cost_usd"], figures["late"]
    limit = _time(late["limit_seconds"])
    yield "jobs", f"{figures['jobs']}"
    yield "finished", f"{figures['finished']}"
    for reason, number in figures["failed"].items():
        yield f"failed: {reason}", f"{number}"
    if figures["retried"]:
        yield "tried again", f"{figures['retried']}"
    yield "start lateness", _spread(figures["start_lateness_seconds"])
    groups = figures["groups"]
    for group in groups if len(groups) > 1 else ():
        yield f"  of {group['name']}", _spread(group["start_lateness_seconds"])
    yield f"started more than {limit} late", f"{late['started']}"
    yield f"ended more than {limit} late", f"{late['ended']}"
    if late["never_started"]:
        yield "never started", f"{late['never_started']}"
    waited = figures["waited_for_caps"]
    yield "waited in line for a cap", _waited(waited)
    yield "machines launched", _launched(machines)
    yield "at one time, at most", f"{machines['most_at_one_time']}"
    yield "taken back", f"{machines['reclaimed']}"
    yield "requests refused", f"{machines['requests_refused']}"
    yield "machine hours", f"{machines['hours']:.1f}"
    yield "cost", f"{_dollars(cost['total'])}, {_dollars(cost['per_job'])} a job"
    yield "over after", _time(figures["lasted_seconds"])


def _waited(waited: Mapping[str, Any]) -> str:
    jobs = waited["jobs"]
    if not jobs:
        return "no job"
    return f"{jobs} job{'s' if jobs > 1 else ''}: {_spread(waited['seconds'])}"


def _launched(machines: Mapping[str, Any]) -> str:
    return f"{machines['launched']} ({machines['spot']} spot, {machines['on_demand']} on-demand)"


def _spread(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {_time(value)}" for name, value in seconds.items())


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"


def _time(seconds: float) -> str:
    return human(timedelta(seconds=seconds))


__all__ = ["answer"]
