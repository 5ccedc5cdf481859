"""A pool of three imagined hosts, and the provider that hands them out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from jobsched.contracts.services import Services

from jobsched_static_hosts import StaticHosts
from pool import FakePool


@pytest.fixture
def pool(tmp_path: Path) -> FakePool:
    """Three hosts that nobody has."""
    certificate = tmp_path / "host.pem"
    certificate.write_text("the host's certificate\n")
    return FakePool(certificate, "red", "green", "blue")


@pytest.fixture
def worker(pool: FakePool, services: Services) -> Callable[..., StaticHosts]:
    """Make the provider as one more process has it; a host may be out of its configuration."""

    def make(*, without: str = "") -> StaticHosts:
        hosts = [host for host in pool.hosts if host.name != without]
        return StaticHosts(hosts, pool.connect, services)

    return make


@pytest.fixture
def unreachable(pool: FakePool, services: Services) -> StaticHosts:
    """The provider while none of its hosts answers."""
    silent = FakePool(pool.hosts[0].certificate, *pool.engines)
    for engine in silent.engines.values():
        engine.is_silent = True
    return StaticHosts(pool.hosts, silent.connect, services)


@pytest.fixture
def provider(worker: Callable[..., StaticHosts]) -> StaticHosts:
    """The provider."""
    return worker()


@pytest.fixture
def another(worker: Callable[..., StaticHosts]) -> StaticHosts:
    """The provider in another process."""
    return worker()
