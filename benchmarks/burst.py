"""Many jobs due at one moment, on one worker: until all are decided, started, ended.

The first figures are of the production loop with a provider that takes three seconds to answer, as
a cloud does: until the loop has said that the last job is decided (it carries out the first ones
meanwhile), until the first command of the first job has reached the provider, and of the last job.
``alone`` is the store and the domain with nothing around them: claim, decode and ``due()``.
``started`` and ``ended`` are measured with a provider and a runner that answer at once, so that
they are jobsched's own cost alone.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

from benchmarks import bed
from benchmarks.noop import NoopProvider, NoopRunner
from benchmarks.report import Figure, arguments, repeat
from benchmarks.server import Server, server
from jobsched.contracts.services import Log
from jobsched.domain.due import due
from jobsched.domain.job import Limits
from jobsched.engine.parts import Parts
from jobsched.services import RunningServices
from jobsched.worker.dispatch import LOOK_FOR_CYCLES, Pace

GOAL = 0.5
LEASE = timedelta(seconds=120)
#: from the moment that jobs are accepted until they are due; accepting 10,000 takes a few seconds
AHEAD = timedelta(seconds=15)


class Count:
    """Counts what the worker does, and remembers when the first and last of each kind was done."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._seen: dict[str, set[str]] = {}
        #: when the first call of a kind was made
        self.first: dict[str, float] = {}
        self.complete: dict[str, float] = {}
        self._waiting: dict[str, asyncio.Event] = {}

    def heard(self, call: str, job: str) -> None:
        """Note a call."""
        seen = self._seen.setdefault(call, set())
        if not seen:
            self.first[call] = time.perf_counter()
        seen.add(job)
        if len(seen) == self._jobs and call not in self.complete:
            self.complete[call] = time.perf_counter()
            self._event(call).set()

    async def wait(self, call: str) -> float:
        """Give the moment at which every job has seen this call."""
        await self._event(call).wait()
        return self.complete[call]

    def _event(self, call: str) -> asyncio.Event:
        return self._waiting.setdefault(call, asyncio.Event())


class Decisions:
    """A worker's log that remembers when the last job of a burst was said to be decided."""

    def __init__(self, log: Log, jobs: int) -> None:
        self._log = log
        self._left = jobs
        self.complete = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def debug(self, event: str, **fields: Any) -> None:
        """Note a decision; production writes no line of this level."""
        if event == "jobs.decided" and self._left > 0:
            self._left -= fields["jobs"]
            self.complete = time.perf_counter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What one burst took."""

    seconds: float
    #: until the first job has seen the call
    first: float
    #: until the last job was decided
    decided: float
    commands: int
    worker_cpu: float
    redis_cpu: float


async def bare(options: argparse.Namespace, at: Server) -> float:
    """Claim, decode and decide, with nothing around it."""
    # as the dispatch loop does it
    gc.set_threshold(LOOK_FOR_CYCLES)
    count = Count(options.jobs)
    provider, runner = NoopProvider(count.heard), NoopRunner(count.heard)
    async with bed.parts(at.url, provider, runner, worker="bare") as parts:
        begin = await _all_due(parts, options)
        taken = 0
        while taken < options.jobs:
            claimed = await parts.store.claim(parts.worker, most=500, lease=LEASE)
            now = parts.now
            taken += sum(due(job, now).command is not None for job in claimed.jobs)
        return time.perf_counter() - begin


async def burst(options: argparse.Namespace, at: Server, call: str) -> Burst:
    """Let a worker loose on jobs that are all due, until each has seen a call."""
    count = Count(options.jobs)
    pause = timedelta(seconds=3) if call == "offers" else timedelta(0)
    provider = NoopProvider(count.heard, pause=pause)
    runner = NoopRunner(count.heard, ends=call == "gone")
    # zero would count as unset
    often = timedelta(microseconds=1) if call == "gone" else timedelta(hours=1)
    limits = Limits(inspect_unwatched=often)
    pace = Pace(hands=options.jobs, lease=LEASE, renew=LEASE / 3, leave=timedelta(seconds=60))
    async with bed.parts(at.url, provider, runner, worker="worker", limits=limits) as made:
        services = cast("RunningServices", made.services)
        log = Decisions(services.log, options.jobs)
        parts = replace(made, services=replace(services, log=log))
        await _all_due(parts, options)
        before, cpu = at.usage(), time.process_time()
        begin = time.perf_counter()
        async with bed.dispatching(parts, pace):
            end = await count.wait(call)
            after, worker_cpu = at.usage(), time.process_time() - cpu
    return Burst(
        seconds=end - begin,
        first=count.first[call] - begin,
        decided=log.complete - begin,
        commands=after.commands - before.commands,
        worker_cpu=worker_cpu,
        redis_cpu=after.cpu - before.cpu,
    )


async def _all_due(parts: Parts, options: argparse.Namespace) -> float:
    """Accept all jobs for one moment, and wait for it; give the moment."""
    moment = parts.now + AHEAD
    await bed.schedule(parts, [moment] * options.jobs)
    await bed.until(parts, moment + timedelta(milliseconds=10))
    return time.perf_counter()


def main() -> None:
    """Measure."""
    options = arguments(__doc__, jobs=(10_000, "jobs due at one moment"))

    def measure() -> list[Figure]:
        with server(options.fsync) as one:
            alone = asyncio.run(bare(options, one))
        found = {}
        for call in ("offers", "start", "gone"):
            with server(options.fsync) as one:
                found[call] = asyncio.run(burst(options, one, call))
        loop = found["offers"]
        figures = [
            Figure(name="all claimed and decided", value=loop.decided, unit="s", goal=GOAL),
            Figure(name="  first command of the first begun", value=loop.first, unit="s"),
            Figure(name="  first command of the last begun", value=loop.seconds, unit="s"),
            Figure(name="  worker's CPU for all of them", value=loop.worker_cpu, unit="s"),
            Figure(name="claim, decode and due() alone", value=alone, unit="s", goal=GOAL),
        ]
        for name, call in (("started", "start"), ("ended", "gone")):
            figures += _figures(name, found[call], options.jobs)
        return figures

    repeat(options, f"burst of {options.jobs}", measure)


def _figures(name: str, one: Burst, jobs: int) -> list[Figure]:
    return [
        Figure(name=f"all {name}", value=one.seconds, unit="s"),
        Figure(name=f"  jobs {name} a second", value=jobs / one.seconds, unit="/s"),
        Figure(name="  Redis commands a job", value=one.commands / jobs, unit=""),
        Figure(name="  worker's CPU a job", value=one.worker_cpu / jobs * 1e6, unit="µs"),
        Figure(name="  Redis' CPU a job", value=one.redis_cpu / jobs * 1e6, unit="µs"),
    ]


if __name__ == "__main__":
    main()
