"""What plugins bring is checked before anybody uses it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema

from jobsched import hookimpl
from jobsched.builtin import Builtin, OnTime, Terminate, Update
from jobsched.contracts.planner import History, Planner
from jobsched.domain.job import Job, Plan
from jobsched.errors import (
    BadHookResult,
    ConfigError,
    DuplicateName,
    PluginError,
    PluginLoadFailed,
)
from jobsched.hooks.collect import collect
from jobsched.hooks.load import Plugins, load
from jobsched.hooks.registry import Registry
from jobsched.hooks.sections import Section
from jobsched.services import RunningServices
from jobsched.store.logs import MemoryLogs
from jobsched.testing.fakes import FakeProvider, FakeWorld


class Late(Planner):
    """A planner."""

    name = "late"

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Never asked here."""
        raise NotImplementedError


class Bringing:
    """A plugin that brings these planners."""

    def __init__(self, result: Any) -> None:
        self._result = result

    @hookimpl
    def jobsched_planners(self) -> Any:
        """Bring them."""
        if isinstance(self._result, Exception):
            raise self._result
        return self._result


class OwnUpdate(Update):
    """Another way to be ready."""


class Acting:
    """A plugin that brings its own ``update``."""

    @hookimpl
    def jobsched_callback_actions(self) -> list[Update]:
        """Bring it."""
        return [OwnUpdate()]


@pytest.fixture
def services(tmp_path: Path) -> RunningServices:
    """Real services."""
    return RunningServices(
        deployment="test", data_dir=tmp_path, ca_dir=tmp_path / "ca", settings={}
    )


def ask(
    services: RunningServices, callbacks: Mapping[str, str] | None = None, **members: object
) -> tuple[Registry, Plugins]:
    """Ask these plugins, and the core, what they bring."""
    plugins = load([], builtin=Builtin(MemoryLogs({})))
    for name, plugin in members.items():
        plugins.manager.register(plugin, name)
    return collect(plugins, {}, services, callbacks=callbacks)


def test_the_core_brings_itself(services: RunningServices) -> None:
    """Planner and callback actions of the core come through the same door, and are reported."""
    registry, plugins = ask(services)
    plugins.report.check()
    assert isinstance(registry.planner("on_time"), OnTime)
    assert isinstance(registry.action("terminate"), Terminate)
    assert plugins.report.loaded[0].brings["actions"] == ("terminate", "update")


def test_what_a_plugin_brings_is_there_by_name(services: RunningServices) -> None:
    """A planner of a third party stands beside the core's."""
    registry, plugins = ask(services, acme=Bringing([Late()]))
    plugins.report.check()
    assert {"late", "on_time"} == set(registry.planners)


async def _soon() -> list[Planner]:
    return []


class Nameless(Late):
    """A planner whose name cannot be written in a configuration."""

    name = "Late One"


@pytest.mark.parametrize(
    ("result", "error", "words"),
    [
        (None, BadHookResult, "gave NoneType"),
        (Late(), BadHookResult, "list of planners"),
        ([object()], BadHookResult, r"no jobsched\.contracts\.planner\.Planner"),
        ([Late], BadHookResult, "gave the class Late"),
        ([Nameless()], BadHookResult, "'Late One'"),
        ([Late(), Late()], DuplicateName, "two planners named 'late'"),
        (ValueError("no key"), PluginLoadFailed, "ValueError: no key"),
        (ConfigError("set region"), PluginLoadFailed, "set region"),
    ],
)
def test_a_bad_result_is_refused(
    services: RunningServices, result: object, error: type[PluginError], words: str
) -> None:
    """Nobody else results, so we do, and tell the plugin, the hook and what was given."""
    registry, plugins = ask(services, acme=Bringing(result))
    with pytest.raises(error, match=words) as caught:
        plugins.report.check()
    assert (caught.value.plugin, caught.value.hook) == ("acme", "jobsched_planners")
    assert "on_time" in registry.planners


class Providing:
    """A plugin with this provider."""

    def __init__(self, provider: object) -> None:
        self.provider = provider

    @hookimpl
    def jobsched_providers(self) -> list[object]:
        """Bring it."""
        return [self.provider]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("lead", 5),
        ("settles_within", None),
        ("caps", {"alive": 1}),
        ("destroys_machine", "no"),
        ("access", {"this_host"}),
    ],
)
def test_a_provider_is_refused_for_what_the_core_reckons_with(
    services: RunningServices, attribute: str, value: object
) -> None:
    """It is found at the start, and not by the first job whose deadline cannot be reckoned."""
    provider = FakeProvider(FakeWorld(clock=services.clock))
    setattr(provider, attribute, value)
    _, plugins = ask(services, acme=Providing(provider))
    with pytest.raises(BadHookResult, match=rf"FakeProvider\.{attribute} is missing or no "):
        plugins.report.check()


def test_an_async_hook_that_brings_is_refused(services: RunningServices) -> None:
    """Its coroutine would never run, and is closed so that nobody is warned of it."""
    _, plugins = ask(services, acme=Bringing(_soon()))
    with pytest.raises(BadHookResult, match="must not be async"):
        plugins.report.check()


def test_two_parts_of_one_name_are_refused_naming_both_in_any_order(
    services: RunningServices,
) -> None:
    """Which of the two counts is not left to the order of plugins."""
    for names in (("acme", "bcme"), ("bcme", "acme")):
        members = {name: Bringing([Late()]) for name in names}
        _, plugins = ask(services, None, **members)
        with pytest.raises(DuplicateName, match="both acme and bcme bring the planner 'late'"):
            plugins.report.check()


def test_an_action_of_the_core_is_replaced_only_if_the_configuration_says_so(
    services: RunningServices,
) -> None:
    """[callbacks] update = "acme" takes the plugin's; without it both are refused."""
    _, plugins = ask(services, acme=Acting())
    with pytest.raises(DuplicateName, match=r'\[callbacks\] update = "'):
        plugins.report.check()
    for maker, expected in (("acme", OwnUpdate), ("jobsched", Update)):
        registry, plugins = ask(services, {"update": maker}, acme=Acting())
        plugins.report.check()
        assert expected is type(registry.action("update"))


def test_a_callback_of_a_plugin_that_does_not_bring_it_is_refused(
    services: RunningServices,
) -> None:
    """A choice that cannot be kept is a mistake in the configuration."""
    with pytest.raises(ConfigError, match="progress"):
        ask(services, {"progress": "jobsched"})


def test_a_plugin_sees_only_its_own_sections(services: RunningServices) -> None:
    """Secrets of other sections are not handed to it."""
    seen: list[Mapping[str, Any]] = []

    class Curious:
        @hookimpl
        def jobsched_planners(self, config: Mapping[str, Any]) -> list[Planner]:
            seen.append(config)
            return []

    plugins = load([], builtin=Builtin(MemoryLogs({})))
    plugins.manager.register(Curious(), "acme")
    mine = Section(plugin="acme", schema=Schema)
    other = Section(plugin="other", schema=Schema)
    plugins = Plugins(
        manager=plugins.manager, report=plugins.report, sections={"acme": mine, "other": other}
    )
    config: dict[str, dict[str, Any]] = {"acme": {"a": 1}, "other": {"b": 2}, "secrets": {"c": "3"}}
    _, asked = collect(plugins, config, services)
    assert seen == [{"acme": {"a": 1}}]
    assert asked.config_of("other") == {"other": {"b": 2}}, "for the hooks that come later"
