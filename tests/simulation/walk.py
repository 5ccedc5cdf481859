"""One imagined job, a worker that dies at a chosen point, and another that takes over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from jobsched.domain.job import Job, JobId
from jobsched.testing.simulator import Life, Simulation, violations
from jobsched.testing.virtual_time import run

#: pauses after the end, so that whatever is still under way comes to light
AFTERWARDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Story:
    """What is special about a walk."""

    #: what the job asks for, as in ``POST /schedule``
    asked: dict[str, Any] = field(default_factory=dict)
    #: prepares the world
    prepare: Callable[[Simulation], None] = lambda _: None
    #: happens beside the workers
    beside: Callable[[Simulation, JobId], Awaitable[None]] | None = None
    after: float = 3.0
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Told:
    """How it ended."""

    job: Job
    #: the awaits of the first worker
    points: list[str]
    #: how many of them came before the job had ended: after that there is nothing to lose
    until_end: int
    violations: list[str]
    starts: int
    machines: int


def tell(story: Story, *, dies_at: int | None = None) -> Told:
    """Let the story happen; the first worker dies at its n-th point, and a second one comes."""
    return run(_tell(story, dies_at))


async def _tell(story: Story, dies_at: int | None) -> Told:
    simulation = await Simulation.begin(**story.settings)
    story.prepare(simulation)
    first = Life(dies_at)
    workers = [asyncio.ensure_future(simulation.work(first))]
    job = await simulation.schedule(after=story.after, **story.asked)
    beside = asyncio.ensure_future(story.beside(simulation, job)) if story.beside else None
    successor = asyncio.ensure_future(_succeed(simulation, first))
    try:
        ended = await simulation.ended(job, within=200_000)
        until_end = len(first.points)
        await simulation.clock.sleep(AFTERWARDS)
    finally:
        for task in (*workers, successor, *([beside] if beside else [])):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    return Told(
        job=ended[0],
        points=first.points,
        until_end=until_end,
        violations=violations(simulation, ended),
        starts=sum(simulation.world.starts.values()),
        machines=len(simulation.world.machines),
    )


async def _succeed(simulation: Simulation, first: Life) -> None:
    await first.dead.wait()
    await simulation.clock.sleep(1)
    await simulation.work(Life())
