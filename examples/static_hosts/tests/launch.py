"""Launches as the core makes them: an order, its frozen request, and what comes of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance, JobId, Offer

from jobsched_static_hosts import StaticHosts


def token(number: int) -> str:
    """Give the token of a launch."""
    return f"{number:064x}"


def order(number: int, dies_in: timedelta, deployment: str) -> MachineOrder:
    """Order a machine."""
    return MachineOrder(
        deployment=deployment,
        job=JobId(f"job{number}"),
        attempt=1,
        launch=1,
        token=token(number),
        boot_script="",
        dies_at=datetime.now(UTC) + dies_in,
    )


def request(
    provider: StaticHosts,
    host: str,
    number: int = 1,
    *,
    dies_in: timedelta = timedelta(hours=2),
    deployment: str = "test",
) -> str:
    """Freeze the request for one host."""
    offer = Offer(label=host, state={"host": host})
    return asyncio.run(provider.freeze(order(number, dies_in, deployment), offer))


def launched(provider: StaticHosts, host: str, number: int = 1) -> Instance:
    """Have a host."""
    return machine(asyncio.run(provider.provision(request(provider, host, number))))


def machine(status: InstanceStatus) -> Instance:
    """Give the machine that a status is about."""
    assert status.instance is not None
    return status.instance
