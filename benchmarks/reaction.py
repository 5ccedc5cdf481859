"""How soon an idle worker acts on news: a new job that is due, a callback, a hint.

Measured from the moment at which the outsider calls the verb (what the API does with a request)
until the worker calls the plugin, so both the save and the wake are in it.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import replace
from datetime import timedelta

from benchmarks import bed
from benchmarks.noop import NoopProvider, NoopRunner
from benchmarks.report import Figure, arguments, repeat, spread
from benchmarks.server import server
from jobsched.domain.job import JobId, Limits
from jobsched.engine.callback import receive
from jobsched.engine.parts import Parts
from jobsched.engine.submit import submit
from jobsched.worker.dispatch import Pace

GOAL = 0.050
#: between two samples, so that the worker has fallen asleep again
PAUSE = 0.010


class Ear:
    """Waits for the worker's call of one kind."""

    def __init__(self) -> None:
        self._kind = ""
        self._at: asyncio.Future[float] | None = None

    def expect(self, kind: str) -> asyncio.Future[float]:
        """Give the moment of the next call of this kind."""
        self._kind, self._at = kind, asyncio.get_running_loop().create_future()
        return self._at

    def heard(self, call: str, job: str) -> None:
        """Note a call."""
        del job
        if self._at is not None and call == self._kind and not self._at.done():
            self._at.set_result(time.perf_counter())


async def reactions(options: argparse.Namespace, url: str) -> dict[str, list[float]]:
    """Take every job through a new job, a callback and a hint; give the seconds of each."""
    ear = Ear()
    provider = NoopProvider(ear.heard, ready=False)
    runner = NoopRunner(ear.heard, ends=True)
    limits = Limits(inspect_unwatched=timedelta(hours=1))
    found: dict[str, list[float]] = {"new job": [], "callback": [], "hint": []}
    async with (
        bed.parts(url, provider, runner, worker="worker", limits=limits) as parts,
        bed.parts(url, provider, runner, worker="", limits=limits) as outside,
        bed.dispatching(parts, Pace()),
    ):
        await asyncio.sleep(1)
        for _ in range(options.samples):
            begin, acted = time.perf_counter(), ear.expect("offers")
            made = await submit(outside, bed.asked(outside.now))
            found["new job"].append(await acted - begin)
            await ear.expect("provision")
            await asyncio.sleep(PAUSE)
            begin, acted = time.perf_counter(), ear.expect("prepare")
            await _post(outside, made.id, "update")
            found["callback"].append(await acted - begin)
            await ear.expect("start")
            await asyncio.sleep(PAUSE)
            begin, acted = time.perf_counter(), ear.expect("inspect")
            await _post(outside, made.id, "terminate")
            found["hint"].append(await acted - begin)
            await ear.expect("gone")
            await asyncio.sleep(PAUSE)
    return found


async def _post(outside: Parts, job: JobId, action: str) -> None:
    payload = {"certificate": ""} if action == "update" else {"why": "ended", "step": ""}
    await receive(
        replace(outside, worker=""),
        action=action,
        job_id=job,
        instance_id=job,
        payload=payload,
        token=outside.secrets.callback_token(job, 1, 1),
    )


def main() -> None:
    """Measure."""
    options = arguments(__doc__, samples=(500, "samples of each kind"))

    def measure() -> list[Figure]:
        with server(options.fsync) as one:
            found = asyncio.run(reactions(options, one.url))
        return [figure for name in found for figure in spread(name, found[name], goal=GOAL)]

    repeat(options, f"reaction, {options.samples} samples", measure)


if __name__ == "__main__":
    main()
