"""This machine as a provider: the contract, sentence by sentence."""

import asyncio
import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import Caps, InstanceStatus
from jobsched.domain.job import Instance, JobId
from jobsched.plugins.local import (
    LocalProvider,
    LocalSchema,
    jobsched_config_schemas,
    jobsched_providers,
)
from jobsched.testing.virtual_time import run
from tests.unit.engine.fleet import Fleet
from tests.unit.plugins.lent import LentServices
from tests.unit.plugins.local.conftest import FakeEngine

TOKEN = "ab12" * 16
ORDER = MachineOrder(
    deployment="test",
    job=JobId("j" * 32),
    attempt=2,
    launch=3,
    token=TOKEN,
    boot_script="",
    dies_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
)


async def frozen(provider: LocalProvider, order: MachineOrder = ORDER) -> str:
    """The request of an order."""
    offers = await provider.offers(order)
    return await provider.freeze(order, offers[0])


async def provisioned(provider: LocalProvider, order: MachineOrder = ORDER) -> Instance:
    """The machine of an order."""
    status = await provider.provision(await frozen(provider, order))
    assert status.instance is not None
    return status.instance


def files(services: LentServices) -> list[str]:
    """The names of the files it keeps."""
    return sorted(path.name for path in (services.data_dir / "local").iterdir())


def test_the_door(services: LentServices) -> None:
    """The plugin brings its section, with defaults, and one provider made from it."""
    section = jobsched_config_schemas()["local"]().load({"alive": 3})
    (provider,) = jobsched_providers({"local": section}, services)

    assert provider.name == "local"
    assert provider.status_section == "local"
    assert provider.access == {"this_host"}
    assert not provider.destroys_machine
    assert provider.lead == timedelta(seconds=5)
    assert provider.settles_within == timedelta(0)
    assert provider.caps == Caps(alive=3, hourly=None)


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker's own variable names the engine, else it is the usual socket."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    usual = {
        "docker_host": "unix:///var/run/docker.sock",
        "alive": 16,
        "lead": timedelta(seconds=5),
    }
    assert LocalSchema().load({}) == usual
    monkeypatch.setenv("DOCKER_HOST", "tcp://localhost:2375")
    assert LocalSchema().load({})["docker_host"] == "tcp://localhost:2375"
    assert set(LocalSchema().validate({"alive": 0, "docker_host": "", "x": 1})) == {
        "alive",
        "docker_host",
        "x",
    }


async def test_offers_this_machine(provider: LocalProvider) -> None:
    """There is one offer, and asking has no effect."""
    (offer,) = await provider.offers(ORDER)

    assert offer.label == "this machine"
    assert await provider.describe_all({}) == {}


async def test_freezes_to_the_same_bytes(provider: LocalProvider) -> None:
    """The same order gives the same JSON, with all that a reader of the file may ask."""
    request = await frozen(provider)

    assert request == await frozen(provider)
    assert list(json.loads(request)) == sorted(json.loads(request))
    assert json.loads(request) == {
        "attempt": 2,
        "deployment": "test",
        "dies_at": "2026-01-02T03:04:00+00:00",
        "docker_url": provider._docker_host,
        "job": "j" * 32,
        "launch": 3,
        "token": TOKEN,
    }


async def test_freezing_has_no_effect(provider: LocalProvider) -> None:
    """Only a request that is sent makes a machine; secrets of the order are not in it."""
    request = await frozen(provider, replace(ORDER, callback_token="s3cret", dies_at=None))

    assert "s3cret" not in request
    assert json.loads(request)["dies_at"] is None
    assert await provider.describe_all({}) == {}


async def test_the_machine_is_ready_at_once(
    services: LentServices, provider: LocalProvider
) -> None:
    """Provisioning answers with a running machine that needs no callback, and how to reach it."""
    status = await provider.provision(await frozen(provider))

    machine = (services.data_dir / "host-id").read_text().strip()
    assert (status.phase, status.ready) == ("running", True)
    assert status.instance is not None
    assert status.instance.id == f"local-{TOKEN[:12]}"
    assert status.access is not None
    assert status.access == status.instance.access
    assert status.access.kind == "this_host"
    assert status.access.docker_url == provider._docker_host
    assert status.access.host_id == machine
    assert status.access.state == {"machine_id": machine}
    assert files(services) == [f"{TOKEN}.json"]


async def test_the_host_is_the_engine_where_one_answers(
    services: LentServices, engine: FakeEngine
) -> None:
    """With an engine its id names the host; the machine's own stands beside it."""
    instance = await provisioned(LocalProvider(services, docker_host=engine.url))

    assert instance.access is not None
    assert instance.access.host_id == "the-engine"
    assert (
        instance.access.state["machine_id"] == (services.data_dir / "host-id").read_text().strip()
    )


async def test_the_engine_is_asked_rarely_but_found_late(
    services: LentServices, engine: FakeEngine
) -> None:
    """An answer is remembered for a while; none is not, for the engine may be starting."""
    provider = LocalProvider(services, docker_host=engine.url)
    engine.answer = b"503 Starting", b""
    early = await provisioned(provider, replace(ORDER, token="a"))
    engine.answer = b"200 OK", b'{"ID": "late"}'
    late = [await provisioned(provider, replace(ORDER, token=token)) for token in "bcd"]

    assert early.access is not None
    assert early.access.host_id == early.access.state["machine_id"]
    assert [instance.access and instance.access.host_id for instance in late] == ["late"] * 3
    assert len(engine.asked) == 2


async def test_the_same_request_gives_the_same_machine(
    services: LentServices, provider: LocalProvider
) -> None:
    """A repeat, also by another worker that knows another engine by now, changes nothing."""
    request = await frozen(provider)
    first = await provider.provision(request)
    other = LocalProvider(services, docker_host="unix:///other.sock")
    other._engine_id = ("another engine", time.monotonic())

    assert await provider.provision(request) == first
    assert await other.provision(request) == first
    assert files(services) == [f"{TOKEN}.json"]


async def test_racing_workers_get_one_machine(
    services: LentServices, provider: LocalProvider
) -> None:
    """Workers that send one request at the same time get the same machine."""
    request = await frozen(provider)
    workers = [LocalProvider(services, docker_host=provider._docker_host) for _ in range(16)]
    for number, worker in enumerate(workers):
        worker._engine_id = (f"engine {number}", time.monotonic())

    answers = await asyncio.gather(*(worker.provision(request) for worker in workers))

    assert all(answer == answers[0] for answer in answers)
    assert files(services) == [f"{TOKEN}.json"]


async def test_finds_by_token(provider: LocalProvider) -> None:
    """A launch in doubt is found by its token; one that never was is not."""
    instance = await provisioned(provider)

    found = await provider.find(TOKEN)

    assert found == InstanceStatus(
        phase="running", ready=True, access=instance.access, instance=instance
    )
    assert await provider.find("0" * 64) is None


async def test_describes_all_by_token(provider: LocalProvider) -> None:
    """Every machine is described, those that were given back as gone."""
    first = await provisioned(provider)
    second = await provisioned(provider, replace(ORDER, token="c"))
    await provider.terminate(second)

    described = await provider.describe_all({})

    assert {token: status.phase for token, status in described.items()} == {
        TOKEN: "running",
        "c": "gone",
    }
    assert described[TOKEN].instance == first
    assert described[TOKEN].ready
    assert not described["c"].ready


async def test_survives_a_restart(services: LentServices, provider: LocalProvider) -> None:
    """Another worker over the same data directory knows all machines."""
    instance = await provisioned(provider)

    restarted = LocalProvider(services, docker_host="unix:///other.sock")

    assert await restarted.describe_all({}) == await provider.describe_all({})
    found = await restarted.find(TOKEN)
    assert found is not None
    assert found.instance == instance


async def test_terminates_repeatedly(services: LentServices, provider: LocalProvider) -> None:
    """A machine that is given back is gone, however often."""
    instance = await provisioned(provider)

    first = await provider.terminate(instance)
    second = await provider.terminate(instance)

    assert first.phase == second.phase == "gone"
    assert first.instance == instance
    assert files(services) == [f"{TOKEN}.gone"]


async def test_a_spent_token_gets_no_machine(
    services: LentServices, provider: LocalProvider
) -> None:
    """A late repeat of a request whose machine was given back is told so."""
    instance = await provisioned(provider)
    await provider.terminate(instance)

    late = await provider.provision(await frozen(provider))

    assert late.phase == "gone"
    assert late.instance == instance
    assert files(services) == [f"{TOKEN}.gone"]


async def test_a_termination_during_a_repeat_wins(
    services: LentServices, provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repeat that looked before the termination and writes after it leaves no machine behind."""
    instance = await provisioned(provider)
    leases = provider._leases
    look = leases.find

    def too_early(token: str) -> None:
        monkeypatch.setattr(leases, "find", look)
        leases.end(token)

    monkeypatch.setattr(leases, "find", too_early)
    late = await provider.provision(await frozen(provider))

    assert late.phase == "gone"
    assert late.instance == instance
    assert files(services) == [f"{TOKEN}.gone"]


async def test_tombstones_are_pruned_after_a_day(
    services: LentServices, provider: LocalProvider
) -> None:
    """A new launch clears tombstones and unfinished files that are older than a day."""
    for token in "ab":
        await provider.terminate(await provisioned(provider, replace(ORDER, token=token)))
    old = time.time() - 25 * 3600
    folder = services.data_dir / "local"
    os.utime(folder / "a.gone", (old, old))
    (folder / ".new-left").touch()
    os.utime(folder / ".new-left", (old, old))

    await provisioned(provider)

    assert files(services) == [f"{TOKEN}.json", "b.gone"]


async def test_the_age_of_a_tombstone_counts_from_the_end(
    services: LentServices, provider: LocalProvider
) -> None:
    """A lease of last week leaves a tombstone of today."""
    instance = await provisioned(provider)
    old = time.time() - 7 * 24 * 3600
    os.utime(services.data_dir / "local" / f"{TOKEN}.json", (old, old))

    await provider.terminate(instance)
    await provisioned(provider, replace(ORDER, token="c"))

    assert f"{TOKEN}.gone" in files(services)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"token": "x"}', b"\xff"])
async def test_a_broken_file_is_unknown(
    services: LentServices, provider: LocalProvider, content: bytes
) -> None:
    """A file that cannot be read is no crash: a warning, and neither there nor gone."""
    await provisioned(provider, replace(ORDER, token="c"))
    path = services.data_dir / "local" / f"{TOKEN}.json"
    path.write_bytes(content)

    described = await provider.describe_all({})

    assert described[TOKEN] == InstanceStatus(phase="unknown")
    assert described["c"].phase == "running"
    assert await provider.find(TOKEN) == InstanceStatus(phase="unknown")
    assert services.log.warnings() == ["lease.unreadable"] * 2


async def test_a_broken_file_is_mended_by_its_request(
    services: LentServices, provider: LocalProvider
) -> None:
    """The same request over a broken file gives the same machine, which can then be given back."""
    instance = await provisioned(provider)
    (services.data_dir / "local" / f"{TOKEN}.json").write_bytes(b"")

    assert await provisioned(provider) == instance
    assert (await provider.terminate(instance)).phase == "gone"


async def test_a_broken_tombstone_still_spends_its_token(
    services: LentServices, provider: LocalProvider
) -> None:
    """A repeat over an unreadable tombstone gets no machine."""
    instance = await provisioned(provider)
    await provider.terminate(instance)
    (services.data_dir / "local" / f"{TOKEN}.gone").write_bytes(b"")

    late = await provider.provision(await frozen(provider))

    assert late.phase == "gone"
    assert late.instance == instance
    assert (await provider.describe_all({}))[TOKEN].phase == "gone"


async def test_another_hosts_machine_is_not_gone(tmp_path: Path, provider: LocalProvider) -> None:
    """A worker over another data directory does not say gone: that would fence nothing."""
    instance = await provisioned(provider)
    elsewhere = LentServices(data_dir=tmp_path / "elsewhere")
    stranger = LocalProvider(elsewhere, docker_host="unix:///none.sock")

    assert (await stranger.terminate(instance)).phase == "unknown"
    assert elsewhere.log.warnings() == ["local.wrong_host"]
    elsewhere.spawn.close()


async def test_leases_are_owned_until_they_end(
    provider: LocalProvider, services: LentServices
) -> None:
    """With all that the request says, since the file was written; it is ended by that alone."""
    before = datetime.now(UTC) - timedelta(seconds=1)
    instance = await provisioned(provider)

    [found] = await LocalProvider(services, docker_host="unix:///other.sock").owned()
    assert (found.instance, found.phase) == (instance, "running")
    assert (found.token, found.job, found.attempt) == (TOKEN, ORDER.job, ORDER.attempt)
    assert found.dies_at == ORDER.dies_at
    assert found.launched_at is not None
    assert before <= found.launched_at <= datetime.now(UTC) + timedelta(seconds=1)
    assert (await provider.terminate(found.instance)).phase == "gone"
    assert await provider.owned() == []


async def test_leases_of_another_deployment_are_not_ours(
    services: LentServices, provider: LocalProvider
) -> None:
    """Two deployments may share a data directory: neither ends what the other has lent."""
    theirs = LocalProvider(replace(services, deployment="other"), docker_host="unix:///other.sock")
    order = replace(ORDER, deployment="other", token="cd34" * 16)
    lent = await provisioned(theirs, order)

    assert await provider.owned() == []
    assert await provider.describe_all({}) == {}
    assert [one.instance for one in await theirs.owned()] == [lent]
    assert list(await theirs.describe_all({})) == [order.token]


async def test_a_lease_that_cannot_be_read_is_owned(
    provider: LocalProvider, services: LentServices
) -> None:
    """It is somebody's, nobody knows whose; it can be ended."""
    await provisioned(provider)
    (services.data_dir / "local" / f"{TOKEN}.json").write_text("{")

    [found] = await provider.owned()
    assert (found.phase, found.token, found.job) == ("unknown", TOKEN, "")
    assert (await provider.terminate(found.instance)).phase == "gone"
    assert await provider.owned() == []


def test_a_lease_that_no_record_knows_is_given_back(tmp_path: Path) -> None:
    """Its file outlived the record of its job; the reaper ends it as any machine."""

    async def story() -> None:
        there = await Fleet.begin()
        services: Any = replace(there.parts().services, data_dir=tmp_path)  # type: ignore[type-var]
        local = LocalProvider(services, docker_host="unix:///nowhere.sock")
        await provisioned(local, replace(ORDER, deployment="simulated", dies_at=None))
        assert await there.passes(provider=local) == 0
        assert await there.passes(provider=local) == 1
        assert await local.owned() == []
        assert there.said("orphan.ended")[0]["job"] == ORDER.job

    # an hour after the file is written, by a virtual clock
    run(story(), begin=datetime.now(UTC) + timedelta(hours=1))


@pytest.mark.parametrize("token", ["", "../../etc", "A", "a" * 65, "a/b", "a\n"])
async def test_a_token_cannot_name_another_file(provider: LocalProvider, token: str) -> None:
    """Only hexadecimal digits become a file's name."""
    with pytest.raises(ValueError, match="not a launch token"):
        await provider.find(token)


async def test_foreign_files_are_left_alone(
    services: LentServices, provider: LocalProvider
) -> None:
    """What is no launch's file is neither described nor deleted."""
    await provisioned(provider)
    (services.data_dir / "local" / "notes.json").touch()
    (services.data_dir / "local" / "README").touch()

    assert list(await provider.describe_all({})) == [TOKEN]


async def test_status_has_always_the_same_keys(provider: LocalProvider) -> None:
    """Before there is a machine all values are null."""
    before = provider.status(None)
    instance = await provisioned(provider)
    assert instance.access is not None

    assert before == {"instance_id": None, "host_id": None, "ready": None, "state": None}
    assert provider.status(instance) == {
        "instance_id": instance.id,
        "host_id": instance.access.host_id,
        "ready": True,
        "state": "running",
    }
    assert provider.status(replace(instance, access=None)) == provider.status(instance)


async def test_files_do_not_block_the_loop(
    provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that takes its time holds up nobody else."""
    monkeypatch.setattr(provider._leases, "find", lambda _: time.sleep(0.3))
    finding = asyncio.create_task(provider.find(TOKEN))
    await asyncio.sleep(0)
    begun = time.monotonic()
    await asyncio.sleep(0.01)

    assert time.monotonic() - begun < 0.2
    assert await finding is None


async def test_its_host_is_its_data_directory(
    provider: LocalProvider, services: LentServices
) -> None:
    """Workers of one data directory are one host to it, whatever they are called."""
    again = LocalProvider(services, docker_host="unix:///other.sock")

    assert await provider.host() == await again.host()
    assert await provider.host() == (services.data_dir / "host-id").read_text().strip()
