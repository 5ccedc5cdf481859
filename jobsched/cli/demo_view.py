"""What the demo shows: the jobs while they run, and what became of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live

from jobsched.cli import demo_life, ending, output, table, view
from jobsched.client import Document

Show = Callable[[Sequence[Document]], None]

_WHILE = ("id", "name", "status")
_AFTER = ("id", "name", "status", "exit code", "lateness")


@contextmanager
def live(*, quiet: bool) -> Iterator[Show]:
    """Show the jobs as they change: a table on a terminal, else a line for each change."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with Live(console=Console(stderr=True), refresh_per_second=10) as screen:
            yield lambda jobs: screen.update(table.drawn(_WHILE, [_standing(job) for job in jobs]))
    else:
        yield _lines({})


def _lines(told: dict[str, str]) -> Show:
    def show(jobs: Sequence[Document]) -> None:
        for job in jobs:
            standing = ending.standing(job)
            if told.get(job["id"]) != standing:
                told[job["id"]] = standing
                output.progress(f"{job['name']:<14}{standing}")

    return show


def _standing(job: Document) -> tuple[str, str, str]:
    return job["id"], job["name"], ending.standing(job)


def result(jobs: Sequence[Document], logs: Mapping[str, bytes]) -> None:
    """Show the table, and what each job wrote."""
    table.show(_AFTER, [_row(job) for job in jobs])
    for job in jobs:
        output.data(f"\nlogs of {job['name']}")
        for line in logs[job["id"]].decode(errors="replace").splitlines() or ["(none)"]:
            output.data(f"  {line}")


def _row(job: Document) -> tuple[str, ...]:
    code = ending.exit_code(job)
    said = "" if code is None else str(code)
    return job["id"], job["name"], job["status"], said, view.lateness(job)


def machines(lives: Sequence[Mapping[str, Any]]) -> None:
    """Show the seconds of each part of the machines' lives."""
    output.data("")
    table.show(demo_life.NAMES, [demo_life.row(one) for one in lives])


def go_on(image: str, *, on_cloud: bool) -> None:
    """Show the lines to go on with."""
    if on_cloud:
        output.data(
            "\nTo go on: jobsched cloud      (in another terminal; it prints what to set for "
            "jobsched up)"
        )
        return
    output.data(
        f"""
To go on: jobsched up      (in another terminal; then:)

  curl -s -H 'Content-Type: application/json' http://127.0.0.1:8080/schedule \\
    -d "{{\\"docker_image\\": \\"{image}\\", \\"cmd\\": \\"echo hello\\", \\
         \\"schedule\\": \\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\"}}"
  curl -s http://127.0.0.1:8080/list
  curl -s http://127.0.0.1:8080/status/ID
  curl -s http://127.0.0.1:8080/logs/ID"""
    )


__all__ = ["Show", "go_on", "live", "machines", "result"]
