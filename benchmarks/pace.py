"""Many jobs due at one moment, whose provider may be asked for a few machines a second.

Until each has its machine: how evenly they are asked for, and what it costs that all others wait.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta

import redis.asyncio

from benchmarks import bed
from benchmarks.noop import NoopProvider, NoopRunner
from benchmarks.report import Figure, arguments, repeat
from benchmarks.server import Server, server
from jobsched.contracts.provider import Caps
from jobsched.worker.dispatch import Pace

#: of a core, in per cent
GOAL = 10.0
#: from the moment that jobs are accepted until they are due
AHEAD = timedelta(seconds=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced:
    """What it took."""

    #: when each launch began, by the store's clock, in seconds
    times: list[float]
    commands: int
    worker_cpu: float
    redis_cpu: float


async def paced(options: argparse.Namespace, at: Server) -> Paced:
    """Let a worker loose on jobs that are all due, until each has its machine."""
    asked: set[str] = set()
    complete = asyncio.Event()

    def heard(call: str, job: str) -> None:
        if call == "provision":
            asked.add(job)
        if len(asked) == options.jobs:
            complete.set()

    provider = NoopProvider(heard)
    # an hourly cap that is never reached: for its sake the store keeps when launches began
    provider.caps = Caps(hourly=options.jobs, per_second=options.rate)
    async with bed.parts(at.url, provider, NoopRunner(heard), worker="worker") as parts:
        moment = parts.now + AHEAD
        await bed.schedule(parts, [moment] * options.jobs)
        await bed.until(parts, moment - timedelta(milliseconds=10))
        before, cpu = at.usage(), time.process_time()
        async with bed.dispatching(parts, Pace()):
            await complete.wait()
            after, worker_cpu = at.usage(), time.process_time() - cpu
    async with redis.asyncio.Redis.from_url(at.url) as raw:
        launches = await raw.zrange("jobsched:launches:noop", 0, -1, withscores=True)
    return Paced(
        times=[began / 1_000_000 for _, began in launches],
        commands=after.commands - before.commands,
        worker_cpu=worker_cpu,
        redis_cpu=after.cpu - before.cpu,
    )


def main() -> None:
    """Measure."""
    options = arguments(
        __doc__, jobs=(500, "jobs due at one moment"), rate=(10.0, "launches a second")
    )

    def measure() -> list[Figure]:
        with server(options.fsync) as one:
            found = asyncio.run(paced(options, one))
        seconds = found.times[-1] - found.times[0]
        most = max(sum(at <= one < at + 1 for one in found.times) for at in found.times)
        return [
            Figure(name="from the first launch to the last", value=seconds, unit="s"),
            Figure(name="  at the pace alone", value=options.jobs / options.rate, unit="s"),
            Figure(name="  most in any second", value=most, unit=""),
            Figure(
                name="  worker's share of a core",
                value=100 * found.worker_cpu / seconds,
                unit="%",
                goal=GOAL,
            ),
            Figure(name="  Redis' share", value=100 * found.redis_cpu / seconds, unit="%"),
            Figure(name="  Redis commands a job", value=found.commands / options.jobs, unit=""),
        ]

    repeat(options, f"{options.jobs} launches at {options.rate:g} a second", measure)


if __name__ == "__main__":
    main()
