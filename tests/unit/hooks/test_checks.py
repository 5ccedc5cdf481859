"""Checks that plugins bring: collected like every part; none that is broken hurts another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from marshmallow import Schema
from structlog.testing import capture_logs

from jobsched import hookimpl
from jobsched.contracts.check import Check, Finding, Verdict
from jobsched.errors import BadHookResult, DuplicateName, OperationFailed, PluginLoadFailed
from jobsched.hooks.checks import LONGEST_SENTENCE, Brought, collect_checks, look
from jobsched.hooks.load import Plugins, load
from jobsched.hooks.sections import Section
from jobsched.services import RunningServices

GOOD = Finding("pass", "all is well")


class Quota(Check):
    """A check that does what the test says."""

    name = "acme.quota"

    def __init__(self, does: Callable[[], Any] = lambda: GOOD) -> None:
        self._does = does

    async def look(self) -> Finding:
        """Do it."""
        given = self._does()
        return cast("Finding", await given if asyncio.iscoroutine(given) else given)


class Disk(Quota):
    """Another one."""

    name = "acme.disk"


class Bringing:
    """A plugin that brings these checks."""

    def __init__(self, result: Any) -> None:
        self._result = result

    @hookimpl
    def jobsched_checks(self) -> Any:
        """Bring them."""
        if isinstance(self._result, Exception):
            raise self._result
        return self._result


@pytest.fixture
def services(tmp_path: Path) -> RunningServices:
    """Real services."""
    return RunningServices(
        deployment="test", data_dir=tmp_path, ca_dir=tmp_path / "ca", settings={}
    )


def registered(**members: object) -> Plugins:
    """Give plugins with these."""
    plugins = load([])
    for name, plugin in members.items():
        plugins.manager.register(plugin, name)
    return plugins


def found(check: Check) -> Finding:
    """Look at one, as a plugin `acme` brought it."""
    return asyncio.run(look(Brought(plugin="acme", check=check)))


def test_checks_come_plugin_by_plugin_in_their_own_order(services: RunningServices) -> None:
    """Nothing depends on the order of the configuration, and each keeps the order it chose."""
    quota, disk, other = Quota(), Disk(), Quota()
    for names in (("acme", "bcme"), ("bcme", "acme")):
        members = {"acme": Bringing([quota, disk]), "bcme": Bringing([other])}
        plugins = registered(**{name: members[name] for name in names})
        brought, plugins = collect_checks(plugins, services)
        plugins.report.check()
        assert [(one.plugin, one.check) for one in brought] == [
            ("acme", quota),
            ("acme", disk),
            ("bcme", other),
        ]


class Nameless(Quota):
    """A check whose name nobody can write on a command line."""

    name = "Acme Quota"


@pytest.mark.parametrize(
    ("result", "error", "words"),
    [
        (None, BadHookResult, "gave NoneType; it must give a list of checks"),
        (Quota(), BadHookResult, "list of checks"),
        ([object()], BadHookResult, r"object, which is no jobsched\.contracts\.check\.Check"),
        ([Quota], BadHookResult, "gave the class Quota"),
        ([Nameless()], BadHookResult, "'Acme Quota'"),
        ([Quota(), Quota()], DuplicateName, r"two checks named 'acme\.quota'"),
        (ValueError("no key"), PluginLoadFailed, "ValueError: no key"),
    ],
)
def test_a_bad_result_is_refused(
    services: RunningServices, result: object, error: type[Exception], words: str
) -> None:
    """The plugin and the hook are told, and the checks of others are there."""
    plugins = registered(acme=Bringing(result), bcme=Bringing([Disk()]))
    brought, plugins = collect_checks(plugins, services)
    with pytest.raises(error, match=words) as caught:
        plugins.report.check()
    assert getattr(caught.value, "hook", "") == "jobsched_checks"
    assert [(one.plugin, one.name) for one in brought] == [("bcme", "acme.disk")]


def test_a_plugin_sees_only_its_own_sections(services: RunningServices) -> None:
    """Secrets of other sections are not handed to it."""
    seen: list[Mapping[str, Any]] = []

    class Curious:
        @hookimpl
        def jobsched_checks(self, config: Mapping[str, Any]) -> list[Check]:
            seen.append(config)
            return []

    plugins = replace(
        registered(acme=Curious()),
        sections={name: Section(plugin=name, schema=Schema) for name in ("acme", "other")},
        config={"acme": {"a": 1}, "other": {"b": 2}},
    )
    collect_checks(plugins, services)
    assert seen == [{"acme": {"a": 1}}]


@pytest.mark.parametrize("verdict", ["pass", "warn", "fail", "unknown"])
def test_what_a_check_finds_is_told(verdict: Verdict) -> None:
    """Each verdict comes through as it is."""
    finding = Finding(verdict, "the disk is 91 % full: make room in /var")
    assert found(Quota(lambda: finding)) == finding


def test_what_could_not_be_looked_at_is_unknown_with_its_words() -> None:
    """An expected failure is neither good nor bad, and no bug: nothing is logged."""

    def fails() -> None:
        raise OperationFailed("throttled", "acme is busy:\nask again")

    with capture_logs() as logs:
        finding = found(Quota(fails))
    assert finding == Finding("unknown", "acme.acme.quota could not look: acme is busy: ask again")
    assert logs == []


def raising(error: BaseException) -> Callable[[], Any]:
    """Give what raises it."""

    def raises() -> None:
        raise error

    return raises


@pytest.mark.parametrize(
    ("does", "words"),
    [
        (raising(ValueError("canary")), "failed: ValueError"),
        (raising(SystemExit(3)), "failed: it raised SystemExit"),
        (raising(asyncio.CancelledError()), "nobody had cancelled it"),
        (lambda: None, "gave NoneType, and no Finding"),
        (lambda: "pass", "gave str, and no Finding"),
        (lambda: Finding(cast("Verdict", "good"), "well"), "verdict that is none of pass, warn"),
        (lambda: Finding("pass", " "), "gave no sentence"),
        (lambda: Finding("pass", cast("str", None)), "gave no sentence"),
        (lambda: Finding("pass", "one\ntwo"), "more than one line"),
        (lambda: Finding("pass", "x" * (LONGEST_SENTENCE + 1)), "more than 1000 characters"),
    ],
)
def test_a_bug_is_unknown_with_the_plugins_name_and_logged(
    does: Callable[[], Any], words: str
) -> None:
    """It ends nothing but itself; the text of an error nobody thought of is not shown."""
    with capture_logs() as logs:
        finding = found(Quota(does))
    assert (finding.verdict, words in finding.sentence) == ("unknown", True), finding
    assert "fault of the plugin acme" in finding.sentence
    assert "canary" not in finding.sentence
    assert [(one["event"], one["plugin"], one["check"]) for one in logs] == [
        ("check.failed", "acme", "acme.quota")
    ]


async def test_a_check_is_not_waited_for_for_ever() -> None:
    """Beyond its time it is unknown, and says how long it was waited for."""
    forever = Brought(plugin="acme", check=Quota(lambda: asyncio.Event().wait()))
    finding = await look(forever, timedelta(milliseconds=50))
    assert finding == Finding("unknown", "acme.acme.quota gave no answer within 0.05 s")


async def test_every_call_is_logged_where_plugins_are_traced(services: RunningServices) -> None:
    """A check is traced like every part, with its verdict."""
    plugins = replace(registered(acme=Bringing([Quota()])), is_traced=True)
    (brought,), _ = collect_checks(plugins, services)
    with capture_logs() as logs:
        assert await look(brought) == GOOD
    (line,) = logs
    assert (line["plugin"], line["part"], line["call"]) == ("acme", "check", "acme.quota.look()")
    assert line["gave"] == "pass"
