"""What every benchmark stands on: parts as ``bootstrap`` makes them, with a no-op world."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from jobsched import log
from jobsched.builtin import OnTime, RedisLogs, Terminate, Update
from jobsched.contracts.provider import Provider
from jobsched.contracts.runner import Runner
from jobsched.domain.job import JobId, Limits
from jobsched.engine.parts import Parts
from jobsched.engine.submit import submit
from jobsched.hooks.registry import Registry
from jobsched.secrets import ConfiguredSecrets
from jobsched.services import RunningServices
from jobsched.store.redis import RedisStore
from jobsched.worker.dispatch import Dispatch, Pace

DEPLOYMENT = "bench"
#: submissions that wait for an answer at one time
TOGETHER = 500

_NOWHERE = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for the whole run


@contextlib.asynccontextmanager
async def parts(
    url: str,
    provider: Provider,
    runner: Runner,
    *,
    worker: str,
    limits: Limits | None = None,
) -> AsyncIterator[Parts]:
    """Put parts together on a server, which becomes the benchmark's deployment's."""
    # as in production: a line of JSON for each event of INFO and above, but to nowhere
    log.configure({"JOBSCHED_LOG_FORMAT": "json"}, _NOWHERE)
    store = await RedisStore.open(url, DEPLOYMENT)
    await store.stamp("")
    services = RunningServices(
        deployment=DEPLOYMENT, data_dir=Path(), ca_dir=Path() / "ca", settings={}
    )
    services.clock.sync(await store.check())
    services.history.know([provider])
    registry = Registry(
        providers={provider.name: provider},
        runners={runner.name: runner},
        planners={OnTime.name: OnTime()},
        log_stores={RedisLogs.name: RedisLogs(store.logs())},
        actions={"update": Update(), "terminate": Terminate()},
        defaults={
            "provider": provider.name,
            "runner": runner.name,
            "planner": OnTime.name,
            "log_store": RedisLogs.name,
        },
    )
    try:
        yield Parts(
            store=store,
            registry=registry,
            services=services,
            secrets=ConfiguredSecrets(deployment_secret="bench"),  # noqa: S106 - nothing is secret
            limits=limits or Limits(),
            worker=worker,
        )
    finally:
        await services.spawn.close()
        await store.close()


@contextlib.asynccontextmanager
async def dispatching(parts: Parts, pace: Pace) -> AsyncIterator[Dispatch]:
    """Run the dispatch loop of a worker, and stop it."""
    dispatch = Dispatch(parts, pace)
    loop = asyncio.ensure_future(dispatch.run())
    try:
        yield dispatch
    finally:
        dispatch.stop()
        await loop


async def schedule(parts: Parts, times: list[datetime]) -> list[JobId]:
    """Accept one job for each time, through the verb that the API uses."""
    outside = replace(parts, worker="")
    made: list[JobId] = []
    for start in range(0, len(times), TOGETHER):
        several = times[start : start + TOGETHER]
        accepted = await asyncio.gather(*(submit(outside, asked(at)) for at in several))
        made += [one.id for one in accepted]
    return made


def asked(at: datetime) -> dict[str, object]:
    """Give what a usual user asks for, as the body of ``POST /schedule`` is loaded."""
    return {
        "schedule": at,
        "docker_image": "example/image:1",
        "cmd": ("python", "-m", "work"),
        "env": ("ONE=1", "TWO=2"),
    }


def process_cpu(process: int) -> float:
    """Give the seconds of CPU that another process has used (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    ticks: int = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / ticks


async def until(parts: Parts, at: datetime) -> None:
    """Wait for a time of the store."""
    await asyncio.sleep(max(0.0, (at - parts.now) / timedelta(seconds=1)))


__all__ = ["DEPLOYMENT", "asked", "dispatching", "parts", "process_cpu", "schedule", "until"]
