"""The deployment: Redis, APIs and workers, each in a process of its own that is kept alive."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks import server
from benchmarks.chaos.actor import Actor, Kind
from jobsched.client import Client

ROOT: Final = Path(__file__).parents[2]
JOBSCHED: Final = (sys.executable, "-m", "jobsched")
WORKERS, APIS = 3, 2
#: how long a client waits for an API that stands still
PATIENCE = timedelta(seconds=5)
#: seconds for what is done once
PREPARED_WITHIN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Its processes, and how they are reached."""

    actors: Sequence[Actor]
    apis: Sequence[Client]
    redis_url: str

    def supervise(self) -> list[Actor]:
        """Start again what has ended; give it."""
        return [actor for actor in self.actors if actor.supervise()]


def base(folder: Path, deployment: str, more: Mapping[str, str]) -> dict[str, str]:
    """Give the variables of all its processes: this environment without jobsched's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JOBSCHED_")}
    path = os.pathsep.join([str(ROOT), *filter(None, [kept.get("PYTHONPATH")])])
    return {
        **kept,
        "PYTHONPATH": path,
        "JOBSCHED_REDIS_URL": server.url_of(folder / "redis"),
        "JOBSCHED_DATA_DIR": str(folder / "data"),
        "JOBSCHED_DEPLOYMENT": deployment,
        # the cause of a broken promise is looked for in what all processes said
        "JOBSCHED_LOG_FORMAT": "json",
        "JOBSCHED_LOG_LEVEL": "DEBUG",
        **more,
    }


@contextmanager
def deployed(folder: Path, variables: Mapping[str, str]) -> Iterator[Deployment]:
    """Start all; at the end none of them runs.

    Args:
        folder: an empty one, with a short name: Redis' socket is in it.
        variables: as `base` gives them. With ``JOBSCHED_API_PORT`` the first API listens there.
    """
    for name in ("redis", "logs"):
        (folder / name).mkdir()
    logs = folder / "logs"
    redis = _actor("redis", "redis", server.command(folder / "redis", "always"), variables, logs)
    host = variables.get("JOBSCHED_API_HOST", "127.0.0.1")
    first = int(variables.get("JOBSCHED_API_PORT", "0")) or _free_port(host)
    ports = [first, *(_free_port(host) for _ in range(APIS - 1))]
    apis = [
        _actor("api", f"api{port}", [*JOBSCHED, "api", "--port", f"{port}"], variables, logs)
        for port in ports
    ]
    workers = [
        _actor("worker", f"worker{number}", [*JOBSCHED, "worker"], variables, logs)
        for number in range(WORKERS)
    ]
    token = variables.get("JOBSCHED_API_TOKEN", "")
    made = Deployment(
        actors=[redis, *apis, *workers],
        apis=[
            Client(url=f"http://{host}:{port}", token=token, patience=PATIENCE) for port in ports
        ],
        redis_url=variables["JOBSCHED_REDIS_URL"],
    )
    try:
        redis.start()
        server.wait(made.redis_url)
        _init(folder, variables)
        for actor in (*apis, *workers):
            actor.start()
        yield made
    finally:
        for actor in reversed(made.actors):
            actor.kill()


def _actor(
    kind: Kind, name: str, command: Sequence[str], variables: Mapping[str, str], logs: Path
) -> Actor:
    return Actor(name=name, kind=kind, command=command, variables=variables, folder=logs)


def _init(folder: Path, variables: Mapping[str, str]) -> None:
    with (folder / "logs" / "init.log").open("wb") as log:
        subprocess.run(
            [*JOBSCHED, "init", "--store"],
            check=True,
            cwd=folder,
            env=dict(variables),
            stdout=log,
            stderr=log,
            timeout=PREPARED_WITHIN,
        )


def _free_port(host: str) -> int:
    with socket.socket() as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])


__all__ = ["Deployment", "base", "deployed"]
