"""What jobs on EC2 cost: calls of EC2, pages of a sweep, and the worker's CPU at a given rate.

The whole plugin ``ec2_spot`` with boto3, on the fake EC2 in a process of its own; containers that
do nothing. A machine is ready as soon as a sweep sees it run, which stands for its callback. The
CPU is all of this process: dispatch, engine, store, sweeps, boto3, for jobs from their claim until
their machines are gone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from benchmarks import bed
from benchmarks.noop import NoopRunner
from benchmarks.report import Figure, arguments, repeat
from benchmarks.server import Server, server
from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance
from jobsched.engine.parts import Parts
from jobsched.engine.sweep import sweep
from jobsched.plugins.ec2_spot.provider import Ec2SpotProvider
from jobsched.plugins.ec2_spot.settings import Settings
from jobsched.services import RunningServices
from jobsched.testing.ec2 import FakeEc2
from jobsched.worker.dispatch import Pace

CALLS_GOAL, CPU_GOAL = 4.0, 10.0
#: how often a worker looks at all machines, unless the configuration says otherwise
SWEEP = 20.0
#: calls of sweeps; the others belong to jobs
OF_SWEEPS = "DescribeInstances"


class AtOnce(Ec2SpotProvider):
    """EC2, whose machines need not say that they are ready."""

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe them, those that run as ready."""
        seen = await super().describe_all(known)
        return {token: replace(one, ready=one.phase == "running") for token, one in seen.items()}


class Containers(NoopRunner):
    """Containers that do nothing, on machines of EC2."""

    access = frozenset({"docker_tls"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What the lives of all jobs took."""

    seconds: float
    cpu: float
    calls: Mapping[str, int]
    sweeps: int


async def lives(options: argparse.Namespace, at: Server, ec2: FakeEc2) -> Life:
    """Let a worker bring all jobs to their end, at the configured rate of launches."""
    services = RunningServices(
        deployment=bed.DEPLOYMENT, data_dir=Path(), ca_dir=Path() / "ca", settings={}
    )
    settings = Settings(
        region=ec2.region,
        endpoint_url=ec2.url,
        instance_types=("m7i.large",),
        worker_source=("10.0.0.0/8",),
        lead=timedelta(0),
        alive=None,
        hourly=None,
        per_second=options.rate,
    )
    provider, gone = AtOnce(services, settings), asyncio.Event()
    left = set[str]()

    def heard(call: str, job: str) -> None:
        del call, job

    async with bed.parts(at.url, provider, Containers(heard), worker="worker") as made:
        parts = replace(made, callback_url="https://jobs.example/callback")
        left.update(await bed.schedule(parts, [parts.now] * options.jobs))
        begin, cpu, sweeps = time.perf_counter(), time.process_time(), 0
        async with bed.dispatching(parts, Pace()):
            while not gone.is_set():
                await asyncio.sleep(SWEEP)
                await sweep(parts, provider)
                sweeps += 1
                if not await _is_busy(parts, provider):
                    gone.set()
        spent = time.process_time() - cpu
    await services.spawn.close()
    return Life(
        seconds=time.perf_counter() - begin, cpu=spent, calls=dict(ec2.calls), sweeps=sweeps
    )


async def _is_busy(parts: Parts, provider: Ec2SpotProvider) -> bool:
    """Whether a machine holds a slot, or a job waits for one."""
    if await parts.store.slots(provider.name):
        return True
    ended = {"finished", "failed", "cancelled"}
    return any(one.state not in ended for one in (await parts.store.list(limit=200)).jobs)


def main() -> None:
    """Measure."""
    options = arguments(
        __doc__, jobs=(500, "jobs"), rate=(2.0, "launches a second (ec2_spot.per_second)")
    )

    def measure() -> list[Figure]:
        with server(options.fsync) as one, FakeEc2() as ec2:
            ec2.switch(pending_seconds=5, shutting_down_seconds=5)
            os.environ.update(ec2.environment)
            life = asyncio.run(lives(options, one, ec2))
        of_jobs = sum(life.calls.values()) - life.calls[OF_SWEEPS]
        share = 100 * life.cpu / life.seconds
        return [
            Figure(name="EC2 calls a job", value=of_jobs / options.jobs, unit="", goal=CALLS_GOAL),
            Figure(name="  CreateFleet", value=life.calls["CreateFleet"] / options.jobs, unit=""),
            Figure(
                name="  TerminateInstances",
                value=life.calls["TerminateInstances"] / options.jobs,
                unit="",
            ),
            Figure(name="pages a sweep", value=life.calls[OF_SWEEPS] / life.sweeps, unit=""),
            Figure(name="worker's CPU, of a core", value=share, unit="%", goal=CPU_GOAL),
            Figure(name="  CPU a job", value=1000 * life.cpu / options.jobs, unit="ms"),
            Figure(name="launches a second", value=options.jobs / life.seconds, unit="/s"),
        ]

    repeat(options, f"{options.jobs} jobs on EC2", measure)


if __name__ == "__main__":
    main()
