"""Let a scenario happen: the production code on a store in memory, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobsched.domain.job import Job
from jobsched.engine.parts import Parts
from jobsched.engine.submit import submit
from jobsched.testing.simulator.scenario.chance import Chance
from jobsched.testing.simulator.scenario.cloud import CloudWorld
from jobsched.testing.simulator.scenario.deployment import Deployment
from jobsched.testing.simulator.scenario.provider import CloudProvider
from jobsched.testing.simulator.scenario.runner import CloudRunner
from jobsched.testing.simulator.scenario.scenario import Scenario
from jobsched.testing.simulator.scenario.waiting import Book, Wait
from jobsched.testing.simulator.scenario.wish import Wish, wishes
from jobsched.testing.virtual_time import EPOCH, run

#: longer than anything that a job may wait for beside its own limits
SPARE = timedelta(days=1)

#: told of each job that has ended, with the number 1
Told = Callable[[int], object]


class NeverEnds(RuntimeError):
    """Some jobs do not end, although their own limits are over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What happened."""

    scenario: Scenario
    seed: int
    #: when the scenario's own time begins
    zero: datetime
    #: by number, as are the jobs
    wishes: tuple[Wish, ...]
    #: as they ended
    jobs: tuple[Job, ...]
    waits: tuple[Wait, ...]
    #: machines that were taken back
    reclaimed: int


def play(scenario: Scenario, *, seed: int = 1, told: Told = lambda _: None) -> Played:
    """Run it to its end. The same scenario and seed give the same answer.

    Args:
        scenario: the question.
        seed: of everything that is left to chance.
        told: called for each job as it ends, with 1: so many more have.

    Raises:
        NeverEnds: a flaw of jobsched's, which the scenario and its seed show.
    """
    return run(_play(scenario, seed, told))


async def _play(scenario: Scenario, seed: int, told: Told) -> Played:
    chance, book = Chance(seed), Book()
    asked = wishes(scenario, chance, EPOCH)
    world = CloudWorld()
    provider = CloudProvider(world, scenario.machines, chance)
    runner = CloudRunner(world, asked, chance)
    deployment = await Deployment.of(book, provider, runner, scenario.limits)
    deployment.boot(provider, scenario.machines.reclaims_per_hour, chance)
    over = _counted(book, len(asked), told)
    async with deployment.at_work(scenario.workers):
        await _post(deployment.api, asked)
        await _ended(over, asked)
    return Played(
        scenario=scenario,
        seed=seed,
        zero=EPOCH + scenario.machines.lead,
        wishes=asked,
        jobs=await _jobs(deployment),
        waits=tuple(book.waits),
        reclaimed=len(provider.taken),
    )


async def _ended(over: asyncio.Event, asked: Sequence[Wish]) -> None:
    try:
        async with asyncio.timeout_at(longest(asked)):
            await over.wait()
    except TimeoutError as error:
        raise NeverEnds(NeverEnds.__doc__) from error


def _counted(book: Book, jobs: int, told: Told) -> asyncio.Event:
    """Count ends; give the event that all have ended."""
    over, ended = asyncio.Event(), 0

    def count() -> None:
        nonlocal ended
        ended += 1
        told(1)
        if ended == jobs:
            over.set()

    book.on_end = count
    return over


async def _post(parts: Parts, asked: Sequence[Wish]) -> None:
    for wish in sorted(asked, key=lambda one: (one.posted_at, one.number)):
        if wish.posted_at > parts.now:
            await asyncio.sleep((wish.posted_at - parts.now).total_seconds())
        await submit(parts, wish.body())


async def _jobs(deployment: Deployment) -> tuple[Job, ...]:
    found = [await deployment.job(job) for job in deployment.store_world.records]
    return tuple(sorted(found, key=lambda job: int(job.spec.cmd[0])))


def longest(asked: Sequence[Wish]) -> float:
    """Give the second in which every job must have ended, by its own limits."""
    latest = max(wish.start_at for wish in asked) - EPOCH
    return (latest + max(_limit(wish) for wish in asked)).total_seconds()


def _limit(wish: Wish) -> timedelta:
    asked = wish.group.asked
    attempts: int = asked.get("retry", {}).get("max_attempts", 3)
    limit: timedelta = asked["late_limit"] + asked["timeout"] + SPARE
    return limit * attempts


__all__ = ["NeverEnds", "Played", "Told", "longest", "play"]
