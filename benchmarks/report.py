"""What a benchmark prints: a table, or JSON, with the goal beside each figure that has one."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number; lower is better where there is a goal."""

    name: str
    value: float
    unit: str
    #: not to be passed; None: this figure has no goal
    goal: float | None = None

    @property
    def verdict(self) -> str:
        """Say whether the goal was reached, and by how much not."""
        if self.goal is None:
            return ""
        if self.value <= self.goal:
            return "reached"
        return f"missed by {_number(self.value - self.goal)} {self.unit}".strip()


def percentile(values: Sequence[float], percent: float) -> float:
    """Give the value that this many percent of all do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def spread(name: str, seconds: Sequence[float], *, goal: float | None = None) -> list[Figure]:
    """Give p50, p95 and p99 of times in milliseconds; the goal (in seconds) is that of p99."""
    return [
        Figure(
            name=f"{name}, p{percent}",
            value=percentile(seconds, percent) * 1000,
            unit="ms",
            goal=goal * 1000 if goal is not None and percent == 99 else None,
        )
        for percent in (50, 95, 99)
    ]


def arguments(description: str | None, **numbers: tuple[float, str]) -> argparse.Namespace:
    """Read the command line: what every benchmark takes, and numbers of this one.

    Args:
        description: what the benchmark measures.
        numbers: name → default and meaning.
    """
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--repeat", type=int, default=3, help="runs; the median counts (3)")
    parser.add_argument(
        "--fsync",
        choices=("everysec", "always"),
        default="everysec",
        help="when Redis writes its file to disk (everysec)",
    )
    for name, (default, meaning) in numbers.items():
        parser.add_argument(
            f"--{name}", type=type(default), default=default, help=f"{meaning} ({default})"
        )
    return parser.parse_args()


def repeat(
    options: argparse.Namespace, title: str, measure: Callable[[], Sequence[Figure]]
) -> None:
    """Measure several times and print the median of each figure, with its lowest and highest."""
    runs = []
    for number in range(options.repeat):
        runs.append(measure())
        print(f"{title}: run {number + 1} of {options.repeat} done", file=sys.stderr)
    columns = list(zip(*runs, strict=True))
    about = {"benchmark": title, "fsync": options.fsync, "runs": options.repeat, **machine()}
    show(about, columns, as_json=options.json)


def show(about: Mapping[str, Any], columns: Sequence[Sequence[Figure]], *, as_json: bool) -> None:
    """Print figures, each with its value in every run, and what they are about."""
    if as_json:
        print(json.dumps({**about, "figures": [_document(column) for column in columns]}, indent=1))
        return
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    _print_table([_row(column) for column in columns])


def machine() -> dict[str, Any]:
    """Tell what it was measured on, and how busy that is."""
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
    }


def _median(column: Sequence[Figure]) -> Figure:
    first = column[0]
    value = statistics.median(one.value for one in column)
    return Figure(name=first.name, value=value, unit=first.unit, goal=first.goal)


def _document(column: Sequence[Figure]) -> dict[str, Any]:
    middle = _median(column)
    return {**asdict(middle), "verdict": middle.verdict, "all": [one.value for one in column]}


def _row(column: Sequence[Figure]) -> list[str]:
    middle, values = _median(column), [one.value for one in column]
    goal = f"{_number(middle.goal)} {middle.unit}".strip() if middle.goal is not None else ""
    span = f"{_number(min(values))} to {_number(max(values))}" if len(values) > 1 else ""
    return [
        middle.name,
        f"{_number(middle.value)} {middle.unit}".strip(),
        span,
        goal,
        middle.verdict,
    ]


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    head = ["figure", "median", "lowest to highest", "goal", ""]
    # one run has no lowest and highest
    shown = [place for place in range(len(head)) if any(row[place] for row in rows)]
    lines = [[row[place] for place in shown] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


__all__ = ["Figure", "arguments", "machine", "percentile", "repeat", "show", "spread"]
