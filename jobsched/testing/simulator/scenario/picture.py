"""A picture of the answer, over time: jobs due and started, machines and their cap, lateness."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobsched.errors import InvalidInput
from jobsched.testing.simulator import writable
from jobsched.testing.simulator.scenario.answer import Answer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = (".svg", ".png")
MISSING = "a plot needs matplotlib: pip install 'jobsched[plot]'"
DUE, STARTED, CAP, FAILED = "#9aa0a6", "#1a73e8", "#d93025", "#d93025"
#: of groups of jobs, one after the other
COLOURS = (STARTED, "#f29900", "#188038", "#a142f4", "#12b5cb", "#5f6368")
#: more dots than that become an image within the picture
MOST_POINTS = 5000
#: inches, and dots for each of them
SIZE, DOTS = (10, 9), 120
#: the longest span that is drawn in this unit → its name, its length
UNITS = (
    (timedelta(minutes=10), "seconds", timedelta(seconds=1)),
    (timedelta(hours=5), "minutes", timedelta(minutes=1)),
    (timedelta(days=4), "hours", timedelta(hours=1)),
    (timedelta.max, "days", timedelta(days=1)),
)


def check(file: Path) -> None:
    """See to it that the picture can be drawn, before hours are simulated.

    Raises:
        InvalidInput: another kind than SVG and PNG, no place for it, or no library to draw with.
    """
    if file.suffix.lower() not in KINDS:
        raise InvalidInput(f"{file.name} must end with .svg or .png")
    writable.check(file)
    if find_spec("matplotlib") is None:
        raise InvalidInput(MISSING)


def draw(answer: Answer, file: Path) -> None:
    """Write the picture; the file's name says which kind.

    Raises:
        InvalidInput: it cannot be written there.
    """
    from matplotlib import rc_context  # noqa: PLC0415 (optional, and slow to import)
    from matplotlib.figure import Figure  # noqa: PLC0415 (the same)

    # text stays text, and the same answer gives the same bytes
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "jobsched"}):
        figure = Figure(figsize=SIZE, layout="constrained")
        jobs, machines, lateness = figure.subplots(3, 1, sharex=True)
        scale = _Scale(answer)
        _jobs(jobs, answer, scale)
        _machines(machines, answer, scale)
        _lateness(lateness, answer, scale)
        lateness.set_xlabel(f"{scale.unit} since the scenario's beginning")
        metadata: dict[str, Any] = {"Date": None} if file.suffix.lower() == ".svg" else {}
        try:
            figure.savefig(file, dpi=DOTS, metadata=metadata)
        except OSError as error:
            raise InvalidInput(f"{file} cannot be written: {error.strerror or error}") from error


class _Scale:
    """Times as numbers of the unit that suits the whole."""

    def __init__(self, answer: Answer) -> None:
        self._zero = answer.played.zero
        self.unit, self._length = _unit(answer.lasted)

    def at(self, moment: datetime) -> float:
        return (moment - self._zero) / self._length


def _unit(longest: timedelta) -> tuple[str, timedelta]:
    return next((name, length) for most, name, length in UNITS if longest <= most)


def _jobs(axes: Axes, answer: Answer, scale: _Scale) -> None:
    due = [one.due_at for one in answer.fates]
    started = [one.started_at for one in answer.fates if one.started_at]
    for moments, label, colour in ((due, "due", DUE), (started, "started", STARTED)):
        times = sorted(map(scale.at, moments))
        axes.step(
            [*times[:1], *times], range(len(times) + 1), where="post", label=label, color=colour
        )
    _named(axes, "Jobs", "jobs, all so far", whole=True)


def _machines(axes: Axes, answer: Answer, scale: _Scale) -> None:
    times = [scale.at(moment) for moment, _ in (*answer.line[:1], *answer.line)]
    numbers = [0, *(number for _, number in answer.line)]
    axes.step(times, numbers, where="post", label="machines", color=STARTED)
    axes.fill_between(times, numbers, step="post", color=STARTED, alpha=0.15)
    cap = answer.played.scenario.machines.caps.alive
    if cap is not None:
        axes.axhline(cap, color=CAP, linestyle="--", label=f"cap ({cap})")
    _named(axes, "Machines, from the request until they are gone", "machines", whole=True)


def _lateness(axes: Axes, answer: Answer, scale: _Scale) -> None:
    unit, length = _unit(max(answer.late, default=timedelta(0)))
    for group, colour in zip(answer.played.scenario.groups, cycle(COLOURS), strict=False):
        fates = answer.of(group)
        late = [(one.due_at, one.late / length) for one in fates if one.late is not None]
        _points(axes, late, scale, color=colour, label=group.name)
    never = [(one.due_at, 0.0) for one in answer.fates if one.late is None]
    if never:
        _points(axes, never, scale, color=FAILED, label="never started", marker="x")
    _named(axes, "How late each job started, by the time it was due", unit)


def _points(
    axes: Axes, points: Sequence[tuple[datetime, float]], scale: _Scale, **look: Any
) -> None:
    x, y = [scale.at(at) for at, _ in points], [late for _, late in points]
    # so many would make a large file, and one that is slow to look at
    as_image = len(points) > MOST_POINTS
    axes.scatter(x, y, s=12, alpha=0.5, linewidths=1, rasterized=as_image, **look)


def _named(axes: Axes, title: str, label: str, *, whole: bool = False) -> None:
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 (optional, and slow to import)

    if whole:
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="best", frameon=False)


__all__ = ["KINDS", "MISSING", "check", "draw"]
