"""What a worker costs that has nothing to do: the dispatch loop alone, and ``jobsched worker``.

Both have jobs that are due in a year. The second one is the real process, arq's polling in it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import timedelta

from benchmarks import bed
from benchmarks.noop import NoopProvider, NoopRunner
from benchmarks.report import Figure, arguments, repeat
from benchmarks.server import Server, server
from jobsched.worker.dispatch import Pace

#: per cent of one core
GOAL = 1.0
#: what a process does once, at its start, is not idling
WARM = 8.0


def _nothing(call: str, job: str) -> None:
    del call, job


async def dispatch_alone(options: argparse.Namespace, at: Server) -> float:
    """Give the share of a core (per cent) that the loop takes in this process."""
    provider, runner = NoopProvider(_nothing), NoopRunner(_nothing)
    async with bed.parts(at.url, provider, runner, worker="worker") as parts:
        await bed.schedule(parts, [parts.now + timedelta(days=300)] * options.jobs)
        async with bed.dispatching(parts, Pace()):
            await asyncio.sleep(2)
            begin, cpu = time.perf_counter(), time.process_time()
            await asyncio.sleep(options.seconds)
            return 100 * (time.process_time() - cpu) / (time.perf_counter() - begin)


def whole_worker(options: argparse.Namespace, at: Server) -> tuple[float, float]:
    """Give the shares of a core (per cent) of the real process, and of its Redis."""
    with tempfile.TemporaryDirectory(prefix="jobsched-bench-") as folder:
        command = [sys.executable, "-m", "jobsched", "worker"]
        environment = {
            **os.environ,
            "JOBSCHED_REDIS_URL": at.url,
            "JOBSCHED_DEPLOYMENT": bed.DEPLOYMENT,
            "JOBSCHED_SECRET": "bench" * 10,
            "JOBSCHED_DATA_DIR": folder,
            "JOBSCHED_PLUGINS": "local,process_runner",
            "JOBSCHED_RUNNER": "process_runner",
        }
        stamp = [sys.executable, "-m", "jobsched", "init", "--store", "--force"]
        subprocess.run(stamp, env=environment, check=True, stdout=subprocess.DEVNULL)
        worker = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        try:
            time.sleep(WARM)
            begin, cpu, redis = time.perf_counter(), bed.process_cpu(worker.pid), at.usage().cpu
            time.sleep(options.seconds)
            took = time.perf_counter() - begin
            if worker.poll() is not None:
                raise RuntimeError(f"the worker has ended with {worker.returncode}")
            mine, theirs = bed.process_cpu(worker.pid) - cpu, at.usage().cpu - redis
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait()
    return 100 * mine / took, 100 * theirs / took


def main() -> None:
    """Measure."""
    options = arguments(__doc__, jobs=(1000, "jobs far ahead"), seconds=(30, "how long"))

    def measure() -> list[Figure]:
        with server(options.fsync) as one:
            alone = asyncio.run(dispatch_alone(options, one))
            whole, redis = whole_worker(options, one)
        return [
            Figure(name="dispatch loop alone", value=alone, unit="% of a core", goal=GOAL),
            Figure(name="jobsched worker", value=whole, unit="% of a core", goal=GOAL),
            Figure(name="  Redis under it", value=redis, unit="% of a core"),
        ]

    repeat(options, f"idle for {options.seconds} s", measure)


if __name__ == "__main__":
    main()
