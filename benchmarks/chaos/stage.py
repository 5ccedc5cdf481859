"""Where the jobs run, and what is seen there from outside the product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from benchmarks.chaos.evidence import Body, Run
from benchmarks.chaos.recorder import Line
from benchmarks.chaos.script import END, START


class Stage(Protocol):
    """The Docker Engine of this machine, or the local cloud."""

    @property
    def gateway(self) -> str:
        """This host's address as containers reach it."""
        ...

    @property
    def settings(self) -> Mapping[str, str]:
        """The product's, as variables."""
        ...

    def bodies(self) -> Sequence[Body]:
        """Give what was made for jobs so far."""
        ...

    def runs(self) -> Sequence[Run] | None:
        """Give the runs of containers; None: nobody but the containers tells of them here."""
        ...

    def ended(self, line: Line) -> datetime | None:
        """Say when the container that sent a line had ended at the latest, or None."""
        ...

    def left(self) -> Sequence[str]:
        """Give what is there now, and is of this run."""
        ...


def told(lines: Sequence[Line], jobs: Mapping[int, str], stage: Stage) -> list[Run]:
    """Read runs from the containers' own lines.

    Args:
        lines: in the order of their arrival.
        jobs: the client's numbers → ids.
        stage: knows when those ended that did not say so.
    """
    ends = {one.run: one for one in lines if one.what == END}
    return [
        Run(
            job=jobs.get(line.number, f"number {line.number}"),
            attempt=line.attempt,
            where=line.host,
            started_at=line.at,
            ended_at=ends[line.run].at if line.run in ends else stage.ended(line),
            code=ends[line.run].code if line.run in ends else None,
        )
        for line in lines
        if line.what == START
    ]


__all__ = ["Stage", "told"]
