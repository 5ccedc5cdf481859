"""Everybody is told; a slow or failing plugin hurts nobody."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from marshmallow import Schema
from pluggy import PluginManager
from structlog.testing import capture_logs

from jobsched import hookimpl
from jobsched.contracts.change import Change
from jobsched.domain.job import JobId
from jobsched.errors import PluginLoadFailed, StoreUnavailable
from jobsched.hooks import specs
from jobsched.hooks.load import Plugins
from jobsched.hooks.notify import Teller, notify_forever
from jobsched.hooks.report import LoadReport
from jobsched.hooks.sections import Section
from jobsched.services import RunningServices

SOON = timedelta(seconds=0.1)


def change(rev: int = 1) -> Change:
    """Make a change."""
    return Change(
        id=f"{rev}-0",
        job=JobId("a" * 32),
        rev=rev,
        at=datetime(2026, 11, 23, tzinfo=UTC),
        was="",
        state="scheduled",
        reason="",
        attempt=0,
        facts=(),
    )


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[RunningServices]:
    """Real services, closed at the end."""
    running = RunningServices(
        deployment="test", data_dir=tmp_path, ca_dir=tmp_path / "ca", settings={}
    )
    yield running
    await running.spawn.close()


def plugins(**members: object) -> Plugins:
    """Register plugins."""
    made = PluginManager("jobsched")
    made.add_hookspecs(specs)
    for name, plugin in members.items():
        made.register(plugin, name)
    return Plugins(manager=made, report=LoadReport())


class Hearing:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    @hookimpl
    async def jobsched_job_changed(self, change: Change) -> None:
        """Keep it; asks for one argument only."""
        self.heard.append(change.rev)


class Failing:
    """Raises."""

    @hookimpl
    async def jobsched_job_changed(self) -> None:
        """Raise; asks for no argument."""
        raise ValueError("broken")


class Hanging:
    """Never returns."""

    def __init__(self) -> None:
        self.told = 0

    @hookimpl
    async def jobsched_job_changed(self) -> None:
        """Wait for ever."""
        self.told += 1
        await asyncio.Event().wait()


class Blocking:
    """Blocks, as a plain function may."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.thread = ""

    @hookimpl
    def jobsched_job_changed(self) -> None:
        """Block the thread that it is called in."""
        self.thread = threading.current_thread().name
        self.go_on.wait(5)


async def test_a_failing_plugin_is_logged_and_the_others_are_told(
    services: RunningServices,
) -> None:
    """Each is told each change, in order."""
    hearing = Hearing()
    with capture_logs() as logs:
        await Teller(plugins(a=Failing(), b=hearing, c=Failing()), services).job_changed(
            [change(1), change(2)]
        )
    assert hearing.heard == [1, 2]
    failed = [(one["event"], one["plugin"]) for one in logs]
    assert sorted(failed) == [("hook.failed", "a")] * 2 + [("hook.failed", "c")] * 2


async def test_a_hanging_plugin_is_given_up_and_told_no_more_of_the_batch(
    services: RunningServices,
) -> None:
    """It costs its patience once, not once for every change."""
    hearing, hanging = Hearing(), Hanging()
    teller = Teller(plugins(a=hanging, b=hearing), services, patience=SOON)
    began = time.monotonic()
    with capture_logs() as logs:
        await teller.job_changed([change(rev) for rev in range(1, 101)])
    assert time.monotonic() - began < 10 * SOON.total_seconds()
    assert (hanging.told, len(hearing.heard)) == (1, 100)
    assert [one["event"] for one in logs] == ["hook.timed_out", "hook.given_up"]
    assert logs[1]["missed"] == 99


async def test_a_blocking_plugin_does_not_block_the_loop(services: RunningServices) -> None:
    """A plain function runs in a thread of its plugin; the others are told meanwhile."""
    blocking, hearing = Blocking(), Hearing()
    teller = Teller(plugins(a=blocking, b=hearing), services, patience=SOON)
    with capture_logs() as logs:
        await teller.job_changed([change()])
    blocking.go_on.set()
    assert hearing.heard == [1]
    assert blocking.thread == "hooks-a-0"
    assert [one["event"] for one in logs] == ["hook.timed_out"]


async def test_a_plugins_own_time_out_is_a_failure(services: RunningServices) -> None:
    """A TimeoutError that the plugin raised itself is not taken for ours."""

    class Impatient:
        @hookimpl
        async def jobsched_job_changed(self) -> None:
            raise TimeoutError

    with capture_logs() as logs:
        await Teller(plugins(a=Impatient()), services).job_changed([change()])
    assert [one["event"] for one in logs] == ["hook.failed"]


async def test_a_failing_startup_stops_the_process(services: RunningServices) -> None:
    """The error names the plugin, the hook and the reason."""

    class Unready:
        @hookimpl
        def jobsched_startup(self) -> None:
            raise OSError("no route")

    with pytest.raises(PluginLoadFailed, match=r"acme\.jobsched_startup: OSError: no route"):
        await Teller(plugins(acme=Unready()), services).startup()


async def test_startup_and_shutdown_reach_sync_and_async_plugins(services: RunningServices) -> None:
    """Both kinds are called once, with the services."""
    heard: list[tuple[str, object]] = []

    class Plain:
        @hookimpl
        def jobsched_startup(self, services: Any) -> None:
            heard.append(("up", services))

        @hookimpl
        async def jobsched_shutdown(self) -> None:
            heard.append(("down", None))

    teller = Teller(plugins(a=Plain()), services)
    await teller.startup()
    await teller.shutdown()
    assert [("up", services), ("down", None)] == heard


async def test_a_plugin_that_is_told_sees_its_own_sections(services: RunningServices) -> None:
    """A notifier finds its secrets unmasked, and nobody else's."""
    seen: list[Any] = []

    class Curious:
        @hookimpl
        def jobsched_startup(self, config: Any) -> None:
            seen.append(config)

        @hookimpl
        async def jobsched_job_changed(self, config: Any) -> None:
            seen.append(config)

        @hookimpl
        def jobsched_shutdown(self, config: Any) -> None:
            seen.append(config)

    acme, other = (Section(plugin=name, schema=Schema) for name in ("acme", "other"))
    teller = Teller(
        replace(
            plugins(acme=Curious()),
            sections={"acme": acme, "other": other},
            config={"acme": {"token": "t"}, "other": {}, "secrets": {"a": "b"}},
        ),
        services,
    )
    await teller.startup()
    await teller.job_changed([change()])
    await teller.shutdown()
    assert seen == [{"acme": {"token": "t"}}] * 3


class Stream:
    """Changes from a store that may be away."""

    def __init__(self, *answers: Sequence[Change] | Exception) -> None:
        self.answers = list(answers)
        self.acknowledged: list[Change] = []
        self.done = asyncio.Event()

    async def changes(self, consumer: str, *, most: int, wait: timedelta) -> Sequence[Change]:
        """Give the next answer; then wait for ever."""
        if not self.answers:
            self.done.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def acknowledge(self, changes: Sequence[Change]) -> None:
        """Keep them."""
        self.acknowledged.extend(changes)


async def test_changes_are_acknowledged_after_they_were_told(
    services: RunningServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is away is told once in the log, and waited for; nothing is lost."""
    monkeypatch.setattr("jobsched.hooks.notify.PAUSE", 0.001)
    hearing = Hearing()
    stream = Stream(
        [change(1)], StoreUnavailable(), StoreUnavailable(), ValueError("bug"), [], [change(2)]
    )
    parts: Any = SimpleNamespace(store=stream, services=services)
    with capture_logs() as logs:
        telling = asyncio.create_task(notify_forever(parts, plugins(a=hearing), "me"))
        await asyncio.wait_for(stream.done.wait(), 5)
        telling.cancel()
    assert [1, 2] == hearing.heard == [one.rev for one in stream.acknowledged]
    events = [one["event"] for one in logs]
    assert events == ["changes.unreachable", "changes.failed", "changes.resumed"]


async def test_changes_that_were_not_told_are_not_acknowledged(services: RunningServices) -> None:
    """A worker that dies in between leaves them to the next one."""
    stream = Stream([change(1)])
    parts: Any = SimpleNamespace(store=stream, services=services)
    telling = asyncio.create_task(notify_forever(parts, plugins(a=Hanging()), "me"))
    await asyncio.sleep(0.05)
    telling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await telling
    assert stream.acknowledged == []
