"""Which machine answers, and what is believed of it."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jobsched.domain.job import Container
from jobsched.errors import RunnerFailed
from tests import certificates
from tests.engines import SecondEngine
from tests.integration.docker_runner.bench import Bench, make_runner


@contextmanager
def silence() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield server.getsockname()[1]


@pytest.mark.docker
async def test_another_engine_is_believed_nothing(bench: Bench) -> None:
    """Behind the wrong socket a container is not gone but unknown, and nothing is done there."""
    container = await bench.prepared(bench.order("true"))
    wrong = bench.elsewhere(host_id="ANOTHER:ENGINE")

    assert (await bench.runner.inspect(wrong, container)).phase == "unknown"
    assert (await bench.runner.withdraw(wrong, container)).phase == "unknown"
    for call in (
        bench.runner.prepare(wrong, bench.order("true", number=2)),
        bench.runner.start(wrong, container),
        bench.runner.remove(wrong, container),
    ):
        with pytest.raises(RunnerFailed) as failed:
            await call
        told = (failed.value.reason, failed.value.effect, failed.value.then)
        assert told == ("wrong_host", "none", "replace")
    assert (await bench.inspect(container)).phase == "created"
    assert bench.engine.containers(all=True, filters={"name": f"{bench.job}-1-2"}) == []


@pytest.mark.docker
async def test_a_provider_that_knows_no_engine_s_id_is_not_contradicted(bench: Bench) -> None:
    """Where `host_id` is the machine's own id, there is no engine's id to compare."""
    machine = bench.elsewhere(host_id="a-machine", state={"machine_id": "a-machine"})
    container = await bench.runner.prepare(machine, bench.order("true"))
    assert (await bench.runner.inspect(machine, container)).phase == "created"


@pytest.mark.parametrize("listens", ["silent", "closed"])
async def test_a_machine_that_does_not_answer_is_unknown_within_the_time_limit(
    bench: Bench, listens: str
) -> None:
    """Looking says unknown, doing fails and may have been done, and neither hangs."""
    with silence() as silent:
        port = silent if listens == "silent" else 1
        runner = make_runner(bench.services, request_timeout=0.5)
        machine = bench.elsewhere(docker_url=f"tcp://127.0.0.1:{port}", host_id="")
        container, began = Container(name="c", id="1"), time.monotonic()
        status, *failures = await asyncio.gather(
            runner.inspect(machine, container),
            runner.start(machine, container),
            runner.prepare(machine, bench.order("true")),
            runner.remove(machine, container),
            return_exceptions=True,
        )
    assert time.monotonic() - began < 5
    assert not isinstance(status, BaseException)
    assert status.phase == "unknown"
    for failure in failures:
        assert isinstance(failure, RunnerFailed)
        told = (failure.reason, failure.effect, failure.then)
        assert told == ("machine_unreachable", "unknown", "later")


@pytest.mark.second_engine
async def test_a_job_runs_on_a_remote_machine(remote: Bench) -> None:
    """The whole life of a container, over TLS with both certificates."""
    container = await remote.started(remote.shell("echo hello; exit 3"))
    status = await remote.ended(container)
    assert (status.phase, status.code) == ("exited", 3)
    assert await remote.output(container) == b"hello\n"
    assert remote.machine.access is not None
    names = remote.runner.watch(remote.machine.access)
    assert await anext(names) == container.name
    await names.aclose()  # type: ignore[attr-defined]  # an async generator
    assert remote.starts() == 1
    await remote.runner.remove(remote.machine, container)
    assert (await remote.inspect(container)).phase == "gone"


@pytest.mark.second_engine
async def test_a_remote_reader_that_leaves_frees_its_thread(
    remote: Bench, second_engine: SecondEngine
) -> None:
    """A read that blocks inside TLS is let go as well."""
    container = await remote.started(remote.shell("echo one; sleep 60"))
    section = {"client_certificate": str(second_engine.client_certificate)}
    section["client_key"] = str(second_engine.client_key)
    runner = make_runner(remote.services, follow_threads=1, **section)
    for _ in range(3):
        chunks = runner.logs(remote.machine, container, follow=True)
        assert (await anext(chunks)).data == b"one\n"
        await chunks.aclose()  # type: ignore[attr-defined]  # an async generator


@pytest.mark.second_engine
async def test_a_recycled_address_is_another_machine(remote: Bench) -> None:
    """A machine with another certificate is spoken to by nobody, in either direction (D9)."""
    container = await remote.prepared(remote.order("true"))
    recycled = remote.elsewhere(certificate=certificates.make("engine").certificate_pem)

    assert (await remote.runner.inspect(recycled, container)).phase == "unknown"
    with pytest.raises(RunnerFailed) as failed:
        await remote.runner.start(recycled, container)
    assert (failed.value.reason, failed.value.effect) == ("wrong_host", "none")
    with pytest.raises(RunnerFailed):
        await remote.runner.prepare(remote.elsewhere(certificate=""), remote.order("true"))
    assert remote.starts() == 0


@pytest.mark.second_engine
async def test_a_client_of_another_authority_is_refused(
    remote: Bench, second_engine: SecondEngine
) -> None:
    """Only the deployment's own workers get in: the engine is root on its machine."""
    stranger = certificates.make("client", issuer=certificates.make("other", authority=True))
    folder = remote.services.data_dir
    (folder / "stranger.pem").write_text(stranger.certificate_pem)
    (folder / "stranger.key").write_text(stranger.key_pem)
    runner = make_runner(
        remote.services,
        client_certificate=str(folder / "stranger.pem"),
        client_key=str(folder / "stranger.key"),
    )
    with pytest.raises(RunnerFailed) as failed:
        await runner.prepare(remote.machine, remote.order("true"))
    assert failed.value.reason == "machine_unreachable"
    assert second_engine.certificate not in failed.value.message


@pytest.mark.second_engine
async def test_no_client_certificate_gets_nowhere(remote: Bench) -> None:
    """A worker without its certificate says so before it sends anything."""
    runner = make_runner(remote.services)
    with pytest.raises(RunnerFailed, match="client-cert") as failed:
        await runner.start(remote.machine, Container(name="c", id="1"))
    assert (failed.value.reason, failed.value.effect) == ("configuration", "none")


@pytest.mark.second_engine
async def test_the_worker_s_environment_does_not_change_whom_it_trusts(
    remote: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxies and authority files of the environment are not for machines."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    monkeypatch.setenv("CURL_CA_BUNDLE", "/no/such/file")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    container = await remote.prepared(remote.order("true"))
    assert (await remote.inspect(container)).phase == "created"
