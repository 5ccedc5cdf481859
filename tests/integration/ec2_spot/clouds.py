"""The provider on the fake EC2: one server and one set of clients for all tests of a process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config

from jobsched.contracts.services import Clock
from jobsched.plugins.ec2_spot import client
from jobsched.plugins.ec2_spot.provider import Ec2SpotProvider
from jobsched.plugins.ec2_spot.settings import Settings
from jobsched.testing.clock import LentClock
from jobsched.testing.ec2 import FakeEc2
from jobsched.testing.pool import LentPool
from jobsched.testing.services import LentServices, LentSpawn

#: what an operator has to set, and nothing that is looked up
SETTINGS: Final = Settings(
    region="us-east-1",
    worker_source=("10.0.0.0/8",),
    instance_types=("m7i.large", "m6i.large"),
    callback_url="http://127.0.0.1:9/callback",
)


def clients_of(ec2: FakeEc2) -> dict[str, Any]:
    """Make a client of each service as in production: making one takes longer than most tests."""
    return _clients(ec2, ec2.url, client.CONFIG)


def silent_clients_of(ec2: FakeEc2) -> dict[str, Any]:
    """Make clients of an address at which nobody listens; they do not ask again."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    once = client.CONFIG.merge(Config(retries={"total_max_attempts": 1}))
    return _clients(ec2, nowhere, once)


def _clients(ec2: FakeEc2, url: str, config: Config) -> dict[str, Any]:
    keys = ec2.environment
    session: Any = boto3.session.Session(
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        region_name=ec2.region,
    )
    return {
        name: session.client(name, endpoint_url=url, config=config)
        for name in ("ec2", "ssm", "pricing")
    }


def share(
    clients: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    silent: dict[str, Any] | None = None,
) -> None:
    """Let every provider use these clients, as all launches of one process share theirs.

    Args:
        clients: those.
        monkeypatch: takes it back.
        silent: the clients of a provider with an address of its own.
    """

    def shared(aws: client.Aws, service: str) -> Any:
        asked = silent if silent and aws._where["endpoint_url"] else clients
        return asked[service]

    monkeypatch.setattr(client.Aws, "_client", shared)


class JoinedSpawn(LentSpawn):
    """Waits at its end for each thread.

    A call that was cancelled goes on in its thread; it must not reach the next test's cloud.
    """

    def pool(self, name: str, threads: int) -> LentPool:
        """Make a set of threads with names of their own."""
        return super().pool(f"{name}-of-{id(self)}", threads)

    def end(self) -> None:
        """End the threads, once they have nothing to do."""
        super().end()
        for thread in threading.enumerate():
            if f"-of-{id(self)}-" in thread.name:
                thread.join(timeout=30)


@contextmanager
def worker(
    folder: Path, settings: Settings = SETTINGS, clock: Clock | None = None
) -> Iterator[Ec2SpotProvider]:
    """Give the provider of one worker process; at its end none of its calls is under way."""
    spawn = JoinedSpawn()
    services = LentServices(data_dir=folder, spawn=spawn, clock=clock or LentClock())
    yield Ec2SpotProvider(services, settings)
    spawn.end()


__all__ = ["SETTINGS", "JoinedSpawn", "clients_of", "share", "worker"]
