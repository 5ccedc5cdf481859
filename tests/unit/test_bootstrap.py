"""Parts are put together, and taken apart."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from jobsched import bootstrap, identity
from jobsched.bootstrap import host
from jobsched.bootstrap.host import check_hosts
from jobsched.config import Config
from jobsched.errors import ConfigError, PluginLoadFailed, PluginNotFound, WrongStore
from jobsched.hooks.registry import Registry
from jobsched.store.memory import MemoryStore
from jobsched.testing.fakes import FakeProvider, FakeWorld
from jobsched.testing.virtual_time import VirtualClock
from tests.distributions import Distributions

NOON = datetime(2031, 1, 1, 12, tzinfo=UTC)
ACME = """
    from marshmallow import Schema, fields
    from jobsched.contracts.provider import Provider
    from jobsched.contracts.runner import Runner

    class Settings(Schema):
        region = fields.String(load_default="eu")

    class Cloud(Provider):
        name, status_section, access = "acme", "acme", frozenset({"this_host"})
        machines = {}
        def status(self, instance): return {}
        async def offers(self, order): return []
        async def freeze(self, order, offer): return ""
        async def provision(self, request): ...
        async def find(self, token): ...
        async def describe_all(self, known): return self.machines
        async def owned(self): return []
        async def terminate(self, instance): ...

    heard = []

    @hookimpl
    def jobsched_config_schemas():
        return {"acme": Settings}

    @hookimpl
    def jobsched_providers(config, services):
        heard.append(("region", config["acme"]["region"]))
        return [Cloud()]

    @hookimpl
    def jobsched_startup(services):
        heard.append(("up", services.deployment))

    @hookimpl
    async def jobsched_shutdown():
        heard.append(("down", ""))
"""
RUNS = """
    from jobsched.contracts.runner import Runner

    class Runs(Runner):
        name, status_section, access = "runs", "docker", frozenset({"this_host"})
        def boot_script(self, order): return ""
        def status(self, container): return {}
        async def prepare(self, instance, order): ...
        async def start(self, instance, container): ...
        async def inspect(self, instance, container): ...
        async def withdraw(self, instance, container): ...
        async def stop(self, instance, container, grace): ...
        async def remove(self, instance, container): ...
        def watch(self, access): ...
        def logs(self, instance, container, *, since, follow): ...

    @hookimpl
    def jobsched_runners():
        return [Runs()]
"""


@pytest.fixture
def distributions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Distributions:
    """The plugins acme (a provider) and runs (a runner), and a folder without jobsched.toml."""
    monkeypatch.chdir(tmp_path)
    made = Distributions(tmp_path, monkeypatch)
    made.install("runs", RUNS)
    return made


def configured(tmp_path: Path, **environ: str) -> Config:
    """Read a configuration with both plugins."""
    usual = {"JOBSCHED_DATA_DIR": str(tmp_path / "data"), "JOBSCHED_PLUGINS": "acme,runs"}
    return bootstrap.configure({}, usual | environ)


async def a_store(stamped: str = "d") -> MemoryStore:
    """A store of the deployment."""
    store = MemoryStore(lambda: NOON, deployment=stamped)
    await store.stamp("")
    return store


def heard(module: str) -> list[tuple[str, str]]:
    """What the plugin acme has heard."""
    found: list[tuple[str, str]] = sys.modules[module].heard
    return found


async def test_parts_are_put_together_and_taken_apart(
    tmp_path: Path, distributions: Distributions
) -> None:
    """Configuration, plugins, clock, limits and secrets meet; startup and shutdown are told."""
    module = distributions.install("acme", ACME)
    environ = {
        "JOBSCHED_ACME_REGION": "us",
        "JOBSCHED_LIMITS_BOOTING": "3s",
        "JOBSCHED_LIMITS_TIMEOUT": "5s",
        "JOBSCHED_DEPLOYMENT": "d",
        "JOBSCHED_SECRETS_DB": "hunter2",
    }
    async with bootstrap.parts(
        configured(tmp_path, **environ), worker="me", store=await a_store()
    ) as (parts, plugins):
        assert heard(module) == [("region", "us"), ("up", "d")]
        assert timedelta(0) <= parts.now - NOON < timedelta(seconds=5)
        assert (parts.limits.booting, parts.worker) == (timedelta(seconds=3), "me")
        assert parts.job_defaults["timeout"] == timedelta(seconds=5)
        assert parts.secrets.value("db") == "hunter2"
        assert "hunter2" not in repr(parts)
        assert {"acme"} == set(parts.registry.providers)
        # Nothing was chosen, and there is but one of each.
        assert (
            parts.registry.defaults["provider"],
            parts.registry.defaults["runner"],
        ) == ("acme", "runs")
        assert parts.registry.log_store.name == "redis_logs"
        loaded = {one.name: one.brings for one in plugins.report.loaded}
        assert loaded["acme"]["providers"] == ("acme",)
        assert len(asyncio.all_tasks()) == 2
        assert not (tmp_path / "data" / "redis").exists()
    assert heard(module)[-1] == ("down", "")
    assert len(asyncio.all_tasks()) == 1


async def test_a_default_that_no_plugin_brings_is_refused(
    tmp_path: Path, distributions: Distributions
) -> None:
    """The sentence says where it was chosen and what there is."""
    distributions.install("acme", ACME)
    config = configured(tmp_path, JOBSCHED_RUNNER="podman", JOBSCHED_DEPLOYMENT="d")
    with pytest.raises(ConfigError, match=r"'podman' \(environment JOBSCHED_RUNNER\).*runs"):
        async with bootstrap.parts(config, store=await a_store()):
            pass


async def test_a_store_that_is_not_ours_stops_the_process(
    tmp_path: Path, distributions: Distributions
) -> None:
    """Nothing is launched for a store of another deployment."""
    module = distributions.install("acme", ACME)
    config = configured(tmp_path, JOBSCHED_DEPLOYMENT="d")
    with pytest.raises(WrongStore):
        async with bootstrap.parts(config, store=MemoryStore(lambda: NOON, deployment="d")):
            pass
    assert ("up", "d") not in heard(module)


async def test_a_failing_startup_leaves_nothing_behind(
    tmp_path: Path, distributions: Distributions
) -> None:
    """The process stops with the plugin's name, and no task goes on."""
    failing = '    @hookimpl\n    def jobsched_startup():\n        raise OSError("no route")\n'
    up = ACME.index("    @hookimpl\n    def jobsched_startup")
    down = ACME.index("    @hookimpl\n    async def jobsched_shutdown")
    distributions.install("acme", ACME[:up] + failing + "\n" + ACME[down:])
    config = configured(tmp_path, JOBSCHED_DEPLOYMENT="d")
    with pytest.raises(PluginLoadFailed, match=r"acme\.jobsched_startup: OSError: no route"):
        async with bootstrap.parts(config, store=await a_store()):
            pass
    assert len(asyncio.all_tasks()) == 1


async def test_the_clock_follows_the_store_and_its_absence_is_told_once(
    tmp_path: Path, distributions: Distributions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time goes on without the store, which is heard of when it goes and when it is back (Q16)."""
    monkeypatch.setattr("jobsched.bootstrap.opening.SYNC_EVERY", timedelta(seconds=0.01))
    distributions.install("acme", ACME)
    now = [NOON]
    store = MemoryStore(lambda: now[0], deployment="d")
    await store.stamp("")
    config = configured(tmp_path, JOBSCHED_DEPLOYMENT="d")
    with capture_logs() as logs:
        async with bootstrap.parts(config, store=store) as (parts, _):
            now[0] += timedelta(hours=1)
            await asyncio.sleep(0.05)
            assert parts.now >= NOON + timedelta(hours=1)
            store.is_down = True
            await asyncio.sleep(0.05)
            store.is_down = False
            await asyncio.sleep(0.05)
    events = [one["event"] for one in logs if one["event"].startswith("store.")]
    assert events == ["store.unreachable", "store.reachable"]


@pytest.mark.parametrize(
    ("syncs", "more", "seconds"),
    [
        (True, {}, 0),
        (False, {}, 3),
        (True, {"JOBSCHED_LIMITS_EVIDENCE": "5s"}, 5),
        (True, {"JOBSCHED_LIMITS_EVIDENCE": "3s"}, 3),
        (False, {"JOBSCHED_LIMITS_EVIDENCE": "0s"}, 0),
    ],
)
async def test_what_a_server_may_forget_is_waited_for(
    tmp_path: Path,
    distributions: Distributions,
    more: dict[str, str],
    seconds: int,
    *,
    syncs: bool,
) -> None:
    """Before a start, and before an end; not with one that syncs each write, unless told (P3)."""
    distributions.install("acme", ACME)
    config = configured(tmp_path, JOBSCHED_DEPLOYMENT="d", **more)
    store = await a_store()

    async def told() -> bool:
        return syncs

    store.syncs_each_write = told  # type: ignore[method-assign]
    async with bootstrap.parts(config, store=store) as (parts, _):
        assert parts.limits.evidence == timedelta(seconds=seconds)


def test_a_broken_plugin_stops_the_start_and_is_listed(
    tmp_path: Path, distributions: Distributions
) -> None:
    """configure() raises; inspect_plugins() tells of it beside the good ones."""
    distributions.install("acme", "import no_such_module_anywhere\n")
    environ = {"JOBSCHED_PLUGINS": "acme,runs", "JOBSCHED_ACME_REGION": "x"}
    with pytest.raises(PluginLoadFailed, match="no_such_module_anywhere"):
        bootstrap.configure({}, environ)
    report = bootstrap.inspect_plugins({}, environ)
    assert [one.name for one in report.broken] == ["acme"]
    assert [one.name for one in report.loaded] == ["jobsched", "runs"]


def test_plugins_are_inspected_without_a_store(
    tmp_path: Path, distributions: Distributions
) -> None:
    """What each brings is told on a machine that has no Redis."""
    distributions.install("acme", ACME)
    report = bootstrap.inspect_plugins({}, {"JOBSCHED_PLUGINS": "acme"})
    brings = {one.name: one.brings for one in report.loaded}
    assert brings["acme"]["providers"] == ("acme",)
    assert brings["jobsched"]["log_stores"] == ("redis_logs",)
    assert "runs" in report.unused


def test_a_plugin_that_is_not_installed_stops_the_start(distributions: Distributions) -> None:
    """Its name is in the sentence."""
    with pytest.raises(PluginNotFound, match="nosuch"):
        bootstrap.configure({}, {"JOBSCHED_PLUGINS": "nosuch"})


def test_a_plugins_section_is_checked_with_the_others(
    tmp_path: Path, distributions: Distributions
) -> None:
    """A misspelt key of a plugin and a mistake of the core are told in one error."""
    distributions.install("acme", ACME)
    with pytest.raises(ConfigError, match="2 mistakes") as caught:
        configured(tmp_path, JOBSCHED_ACME_REGOIN="x", JOBSCHED_API_PORT="x")
    assert "JOBSCHED_ACME_REGION" in caught.value.message


@pytest.mark.redis
async def test_a_shared_store_is_used_only_after_init(
    tmp_path: Path, distributions: Distributions, redis_url: str
) -> None:
    """A Redis that nobody has stamped is refused with the command that stamps it."""
    distributions.install("acme", ACME)
    config = configured(tmp_path, JOBSCHED_REDIS_URL=redis_url)
    with pytest.raises(ConfigError, match="jobsched init"):
        async with bootstrap.parts(config):
            pass
    made = bootstrap.init_files(config)
    with pytest.raises(WrongStore, match="jobsched init --store"):
        async with bootstrap.parts(config):
            pass
    await bootstrap.init_store(config)
    await bootstrap.init_store(config)
    async with bootstrap.parts(config) as (parts, _):
        assert parts.services.deployment == made.deployment
    other = configured(
        tmp_path, JOBSCHED_REDIS_URL=redis_url, JOBSCHED_SECRET="another secret than it was"
    )
    with pytest.raises(WrongStore, match="another secret"):
        async with bootstrap.parts(other):
            pass


@pytest.mark.redis
async def test_init_refuses_to_forget_machines(
    tmp_path: Path, distributions: Distributions, redis_url: str
) -> None:
    """A store that lost its records while machines run is stamped only by force."""
    code = "from jobsched.contracts.provider import InstanceStatus\n" + textwrap.dedent(
        ACME
    ).replace("machines = {}", "machines = {'t': InstanceStatus(phase='running')}")
    distributions.install("acme", code)
    config = configured(tmp_path, JOBSCHED_REDIS_URL=redis_url)
    bootstrap.init_files(config)
    with pytest.raises(ConfigError, match="acme still has 1 machine"):
        await bootstrap.init_store(config)
    await bootstrap.init_store(config, force=True)
    async with bootstrap.parts(config):
        pass


@pytest.mark.redis
async def test_an_embedded_store_is_made_ours_once(
    tmp_path: Path, distributions: Distributions, redis_program: object
) -> None:
    """The first start makes identity and store; the next one finds both; one lost since is told."""
    distributions.install("acme", ACME)
    config = configured(tmp_path)
    async with bootstrap.parts(config) as (parts, _):
        deployment = parts.services.deployment
        assert deployment == identity.init(tmp_path / "data").deployment
    async with bootstrap.parts(config) as (parts, _):
        assert parts.services.deployment == deployment
    for file in (tmp_path / "data" / "redis" / "appendonlydir").iterdir():
        file.unlink()
    with pytest.raises(WrongStore, match="jobsched init --store"):
        async with bootstrap.parts(config):
            pass


async def test_a_worker_on_another_host_refuses_to_start() -> None:
    """To it the first host's machines would look gone: it is refused, and both are named."""

    class Bound(FakeProvider):
        def __init__(self, here: str | None) -> None:
            self.here = here

        async def host(self) -> str | None:
            return self.here

    store = MemoryStore(lambda: NOON)
    await store.stamp("")
    await check_hosts(store, Registry(providers={"fake": Bound("here")}))
    await check_hosts(store, Registry(providers={"fake": Bound("here")}))
    await check_hosts(store, Registry(providers={"anywhere": Bound(None)}))

    with pytest.raises(ConfigError, match="bound to the host here, and this is the host there"):
        await check_hosts(store, Registry(providers={"fake": Bound("there")}))


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (lambda: 1 / 0, "fake.host failed: ZeroDivisionError"),
        (sys.exit, "fake.host failed: it raised SystemExit"),
        (lambda: "", "fake.host gave a str"),
        (lambda: 4711, "fake.host gave an int"),
    ],
)
async def test_a_provider_that_does_not_say_its_host_is_told(
    answers: Callable[[], object], sentence: str
) -> None:
    """Whatever it does instead ends the start with one sentence, and binds nothing."""

    class Broken(FakeProvider):
        async def host(self) -> Any:
            return answers()

    store = MemoryStore(lambda: NOON)
    await store.stamp("")

    with pytest.raises(ConfigError, match=sentence):
        await check_hosts(
            store, Registry(providers={"fake": Broken(FakeWorld(clock=VirtualClock()))})
        )

    assert store.world.bound == {}


async def test_a_provider_that_never_says_its_host_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time is that of every method; then the start ends with one sentence."""
    monkeypatch.setattr(host, "USUAL", timedelta(milliseconds=10))

    class Silent(FakeProvider):
        async def host(self) -> str | None:
            await asyncio.Event().wait()
            return None

    store = MemoryStore(lambda: NOON)
    await store.stamp("")

    with pytest.raises(ConfigError, match=r"fake\.host gave no answer within 0\.01 s"):
        await check_hosts(
            store, Registry(providers={"fake": Silent(FakeWorld(clock=VirtualClock()))})
        )
