"""The example `static_hosts` on real engines: the whole contract, and what may be wrong."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import docker
import pytest

from jobsched.config import load
from jobsched.contracts.order import MachineOrder
from jobsched.contracts.services import Services
from jobsched.domain.job import JobId, Offer
from jobsched.errors import OperationFailed
from jobsched.testing import ProviderConformance
from jobsched.testing.conformance import registry
from jobsched_static_hosts import StaticHosts, StaticHostsSchema
from jobsched_static_hosts.config import hosts_of
from jobsched_static_hosts.docker_engine import connector
from jobsched_static_hosts.host import Credentials, Host
from tests.engines import SecondEngine, several_engines

ROOT = Path(__file__).parents[2]
NAMES = ("red", "green", "blue")

Worker = Callable[..., StaticHosts]


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[str, SecondEngine]]:
    """Three engines."""
    with several_engines(len(NAMES)) as found:
        yield dict(zip(NAMES, found, strict=True))


@pytest.fixture
def pool(engines: dict[str, SecondEngine], tmp_path: Path) -> Iterator[list[Host]]:
    """The hosts, on which a test leaves nothing but marks."""
    hosts = []
    for name, engine in engines.items():
        certificate = tmp_path / f"{name}.pem"
        certificate.write_text(engine.certificate)
        address, port = engine.address, engine.port
        hosts.append(Host(name=name, address=address, port=port, certificate=certificate))
    yield hosts
    deadline = time.monotonic() + 5
    while left := [name for engine in engines.values() for name in containers(engine)]:
        # An engine lists for a while what it is removing.
        assert time.monotonic() < deadline, left


@pytest.fixture
def worker(
    pool: list[Host], engines: dict[str, SecondEngine], services: Services
) -> Callable[..., StaticHosts]:
    """Make the provider as one more process has it."""
    one = engines[NAMES[0]]

    def make(hosts: list[Host] = pool, seconds: float = 5.0) -> StaticHosts:
        shown = Credentials(certificate=one.client_certificate, key=one.client_key)
        return StaticHosts(hosts, connector(shown, seconds), services)

    return make


@pytest.fixture
def provider(worker: Worker) -> StaticHosts:
    """The provider."""
    return worker()


@pytest.fixture
def another(worker: Worker) -> StaticHosts:
    """The provider in another process."""
    return worker()


@pytest.fixture
def unreachable(worker: Worker, pool: list[Host]) -> Iterator[StaticHosts]:
    """The provider while nobody listens at the ports of its hosts."""
    with registry.silent() as port:
        yield worker([replace(host, address=registry.HOST, port=port) for host in pool])


def containers(engine: SecondEngine) -> list[str]:
    """Give the names of an engine's containers."""
    client = docker.DockerClient(base_url=engine.docker_host)
    try:
        return [str(one.name) for one in client.containers.list(ignore_removed=True, all=True)]
    finally:
        client.close()


async def frozen(provider: StaticHosts, name: str) -> str:
    """Freeze a request for a host."""
    order = MachineOrder(
        deployment="test", job=JobId("job"), attempt=1, launch=1, token="7" * 64, boot_script=""
    )
    return await provider.freeze(order, Offer(label=name, state={"host": name}))


@pytest.mark.second_engine
class TestStaticHosts(ProviderConformance):
    """The contract of providers, over TLS."""


@pytest.mark.second_engine
async def test_a_host_that_hangs_is_silent(
    worker: Worker, engines: dict[str, SecondEngine]
) -> None:
    """It takes connections and says nothing: it is refused in time, and hides no other."""
    provider = worker(seconds=0.5)
    request = await frozen(provider, "green")
    instance = (await provider.provision(request)).instance
    assert instance is not None
    engines["red"].pause()
    try:
        with pytest.raises(OperationFailed) as failed:
            async with asyncio.timeout(5):
                await provider.provision(await frozen(provider, "red"))
        lost = replace(instance, state={**instance.state, "host": "red"})
        seen = await provider.describe_all({"7" * 64: instance, "8" * 64: lost})
    finally:
        engines["red"].resume()
    assert (failed.value.reason, failed.value.effect) == ("host_unreachable", "none")
    assert {token[0]: one.phase for token, one in seen.items()} == {"7": "running", "8": "unknown"}
    await provider.terminate(instance)


@pytest.mark.second_engine
@pytest.mark.parametrize(
    ("certificate", "reason", "sentence"),
    [
        ("green.pem", "wrong_certificate", "it shows another certificate than the one given"),
        ("nowhere.pem", "configuration", "the certificate of red cannot be read"),
        (__file__, "configuration", "holds no single PEM certificate"),
    ],
    ids=["another host's", "none", "no PEM"],
)
async def test_a_host_that_is_not_the_one_is_refused(
    worker: Worker, pool: list[Host], certificate: str, reason: str, sentence: str
) -> None:
    """Nothing is asked of whoever shows another certificate, and the sentence says what is."""
    red = replace(pool[0], certificate=pool[0].certificate.parent / certificate)
    provider = worker([red])
    with pytest.raises(OperationFailed) as failed:
        await provider.provision(await frozen(provider, "red"))
    assert (failed.value.reason, failed.value.effect) == (reason, "none")
    assert sentence in failed.value.message


@pytest.mark.second_engine
async def test_a_client_that_is_not_known_is_refused(
    pool: list[Host], engines: dict[str, SecondEngine], services: Services, tmp_path: Path
) -> None:
    """A worker without a certificate of the deployment's authority gets nothing, and hears why."""
    other = engines["green"]
    for shown, reason in [
        (Credentials(certificate=tmp_path / "none", key=tmp_path / "none"), "configuration"),
        (
            Credentials(
                certificate=other.client_authority.with_name("server.pem"),
                key=other.client_authority.with_name("server.key"),
            ),
            "host_unreachable",
        ),
    ]:
        provider = StaticHosts(pool, connector(shown, 5.0), services)
        with pytest.raises(OperationFailed) as failed:
            await provider.provision(await frozen(provider, "red"))
        assert (failed.value.reason, failed.value.effect) == (reason, "none")


def test_the_readme_configures_a_pool(tmp_path: Path) -> None:
    """Its TOML is read as it is written there."""
    readme = (ROOT / "examples" / "static_hosts" / "README.md").read_text()
    (written,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    file = tmp_path / "jobsched.toml"
    file.write_text(written)
    config = load(environ={}, file=file, schemas={"static_hosts": StaticHostsSchema})
    section = config.section("static_hosts")
    assert [(host.name, host.address, host.port) for host in hosts_of(section)] == [
        ("red", "192.0.2.10", 2376),
        ("blue", "192.0.2.11", 2376),
    ]
    assert section["lead"] == timedelta(seconds=30)
