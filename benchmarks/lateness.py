"""Jobs that fall due one after the other: how late each is decided and started.

With ``lead`` the machine is asked for that long ahead, as with a real provider, so that the start
is all that is left for the hour; ``at once`` has no lead: the machine is asked for at the start.
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime, timedelta

from benchmarks import bed
from benchmarks.noop import NoopProvider, NoopRunner
from benchmarks.report import Figure, arguments, repeat, spread
from benchmarks.server import server
from jobsched.domain.job import Limits
from jobsched.engine.parts import Parts
from jobsched.worker.dispatch import Pace

GOAL = 0.050
#: time to accept all jobs before the first is due
AHEAD = timedelta(seconds=6)
LEAD = timedelta(seconds=2)


class Moments:
    """When each job was first decided, and when its container was started, in the store's time."""

    def __init__(self) -> None:
        self.parts: Parts | None = None
        self.seen: dict[str, dict[str, datetime]] = {}

    def heard(self, call: str, job: str) -> None:
        """Note the first call of a kind for a job."""
        if self.parts is not None:
            self.seen.setdefault(call, {}).setdefault(job, self.parts.now)

    def late(self, call: str, times: dict[str, datetime]) -> list[float]:
        """Give the seconds between the time of each job and its call."""
        seen = self.seen.get(call, {})
        return [(seen[job] - at).total_seconds() for job, at in times.items()]


async def lateness(
    options: argparse.Namespace, url: str, lead: timedelta
) -> tuple[list[float], list[float]]:
    """Give how late the jobs were decided, and how late their containers were started."""
    moments = Moments()
    provider = NoopProvider(moments.heard, lead=lead)
    runner = NoopRunner(moments.heard, ends=False)
    limits = Limits(inspect_unwatched=timedelta(hours=1))
    async with bed.parts(url, provider, runner, worker="worker", limits=limits) as parts:
        moments.parts = parts
        begin = parts.now + AHEAD + lead
        apart = timedelta(seconds=1) / options.rate
        times = [begin + number * apart for number in range(options.rate * options.seconds)]
        jobs = await bed.schedule(parts, times)
        async with bed.dispatching(parts, Pace()):
            await bed.until(parts, times[-1] + timedelta(seconds=2))
    starts = dict(zip(jobs, times, strict=True))
    asks = {job: at - lead for job, at in starts.items()}
    return moments.late("offers", asks), moments.late("start", starts)


def main() -> None:
    """Measure."""
    options = arguments(
        __doc__, rate=(100, "jobs due in each second"), seconds=(30, "how many seconds")
    )

    def measure() -> list[Figure]:
        figures: list[Figure] = []
        for name, lead in (("at once", timedelta(0)), ("lead 2 s", LEAD)):
            with server(options.fsync) as one:
                decided, started = asyncio.run(lateness(options, one.url, lead))
            figures += spread(f"{name}: decided", decided, goal=GOAL)
            figures += spread(f"{name}: started", started, goal=GOAL)
        return figures

    repeat(options, f"lateness at {options.rate} a second", measure)


if __name__ == "__main__":
    main()
