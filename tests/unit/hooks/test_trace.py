"""A traced part is what it stands for, and its calls are told."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from jobsched import hookimpl
from jobsched.builtin import OnTime, Update
from jobsched.contracts.callback import CallbackAction
from jobsched.contracts.log_store import LogPart, LogStore
from jobsched.contracts.order import ContainerOrder, Credential, MachineOrder
from jobsched.contracts.planner import Planner
from jobsched.contracts.provider import Caps, InstanceStatus, Provider
from jobsched.contracts.runner import ContainerStatus, LogChunk, Runner
from jobsched.domain.job import Access, Container, Instance, JobId, Plan
from jobsched.errors import ProviderFailed, StoreUnavailable
from jobsched.hooks.collect import collect
from jobsched.hooks.gist import gist
from jobsched.hooks.load import load
from jobsched.hooks.notify import Teller
from jobsched.hooks.trace import trace_part
from jobsched.services import RunningServices, StoreClock
from jobsched.testing.fakes import FakeProvider, FakeRunner, FakeWorld

MACHINE, CONTAINER = Instance(id="m-1"), Container(name="box")
ORDER = MachineOrder(deployment="d", job=JobId("J"), attempt=1, launch=0, token="", boot_script="")


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    """What is logged meanwhile."""
    with capture_logs() as found:
        yield found


class Cloud(FakeProvider):
    """A provider whose methods fail in the ways that there are."""

    def __init__(self) -> None:
        super().__init__(FakeWorld(clock=StoreClock()), caps=Caps(alive=3))

    async def find(self, token: str) -> InstanceStatus | None:
        """Refuse."""
        raise ProviderFailed("quota", "ask for more")

    async def freeze(self, order: MachineOrder, offer: Any) -> str:
        """Have a bug."""
        raise ValueError("hunter2")

    async def provision(self, request: str) -> InstanceStatus:
        """Hang."""
        await asyncio.Event().wait()
        raise AssertionError


class Boxes(FakeRunner):
    """A runner whose output breaks off."""

    closed = False

    async def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Give one piece, and one more."""
        try:
            yield LogChunk(offset=0, data=b"hunter2")
            if not follow:
                raise StoreUnavailable("the connection broke")
            yield LogChunk(offset=7, data=b"!")
        finally:
            self.closed = True


def traced(part: Any, contract: type, kind: str = "part") -> Any:
    """Trace a part of the plugin acme."""
    return trace_part(part, contract, plugin="acme", kind=kind)


def test_a_traced_part_is_what_it_stands_for() -> None:
    """Types, attributes of class and object, later changes too, are the part's own."""
    part = Cloud()
    stand_in = traced(part, Provider)
    assert isinstance(stand_in, Provider)
    assert isinstance(stand_in, Cloud)
    other: object = stand_in
    assert not isinstance(other, Runner)
    assert (stand_in.name, stand_in.access) == ("fake", frozenset({"fake"}))
    assert stand_in.destroys_machine
    assert stand_in.caps == Caps(alive=3)
    part.caps = Caps(alive=4)
    part.lead = timedelta(seconds=7)
    assert (stand_in.caps, stand_in.lead) == (Caps(alive=4), timedelta(seconds=7))
    assert stand_in.world is part.world
    assert repr(stand_in) == repr(part)
    assert traced(Update(), CallbackAction).payload_schema is Update.payload_schema
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = cast("Any", stand_in).no_such_thing


@pytest.mark.parametrize("contract", [Provider, Runner, LogStore, Planner, CallbackAction])
def test_every_method_of_a_contract_is_traced(contract: type, logs: list[Any]) -> None:
    """What a contract asks for is called through the stand-in, and each call is a line."""

    class Anything:
        name = "anything"

        def __getattr__(self, method: str) -> Any:
            return lambda *_, **__: method

    stand_in = traced(Anything(), contract)
    methods = [name for name in vars(contract) if callable(getattr(contract, name))]
    methods = [name for name in methods if not name.startswith("_")]
    for method in methods:
        count = getattr(contract, method).__code__.co_argcount - 1
        assert getattr(stand_in, method)(*[None] * count) == method
    called = [line["call"].partition("(")[0] for line in logs]
    assert called == [f"anything.{method}" for method in methods]


async def test_a_call_is_told_with_its_answer(logs: list[Any]) -> None:
    """Whose it is, what was called with what, what it gave, and how long it took."""
    stand_in = traced(Cloud(), Provider, "provider")
    assert [offer.label for offer in await stand_in.offers(ORDER)] == ["imagined"]
    (line,) = logs
    assert line.pop("milliseconds") >= 0
    assert line == {
        "event": "plugin.called",
        "log_level": "info",
        "plugin": "acme",
        "part": "provider",
        "call": "fake.offers(order=job J attempt 1 launch 0)",
        "gave": "[offer imagined]",
    }


async def test_what_is_raised_is_told_and_raised(logs: list[Any]) -> None:
    """An expected failure with its sentence; a bug by its type alone; a time-out as cancelled."""
    stand_in = traced(Cloud(), Provider)
    with pytest.raises(ProviderFailed):
        await stand_in.find("0123456789abcdef" * 4)
    with pytest.raises(ValueError, match="hunter2"):
        await stand_in.freeze(ORDER, None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await stand_in.provision("hunter2")
    assert [(line["call"], line["raised"]) for line in logs] == [
        ("fake.find(token=01234567…)", "ProviderFailed quota: ask for more"),
        ("fake.freeze(order=job J attempt 1 launch 0, offer=None)", "ValueError"),
        ("fake.provision(request=7 characters)", "CancelledError"),
    ]


async def test_a_stream_is_told_at_its_begin_and_at_its_end(logs: list[Any]) -> None:
    """How many pieces came, and what broke it; the pieces themselves are not told."""
    part = Boxes(FakeWorld(clock=StoreClock()))
    stand_in = traced(part, Runner)
    with pytest.raises(StoreUnavailable):
        _ = [chunk async for chunk in stand_in.logs(MACHINE, CONTAINER, since=0)]
    assert [(line["event"], line.get("gave"), line.get("raised")) for line in logs] == [
        ("plugin.called", "a stream", None),
        ("plugin.streamed", None, "StoreUnavailable: the connection broke"),
    ]
    assert logs[0]["call"] == "fake.logs(instance=machine m-1, container=container box, since=0)"
    assert part.closed


async def test_a_reader_that_leaves_closes_the_plugins_stream(logs: list[Any]) -> None:
    """A watch that is given up keeps no connection open behind the stand-in."""
    part = Boxes(FakeWorld(clock=StoreClock()))
    stream = traced(part, Runner).logs(MACHINE, CONTAINER, follow=True)
    async with aclosing(stream):
        assert (await anext(stream)).data == b"hunter2"
        before = part.closed
    assert (before, part.closed) == (False, True)
    assert logs[-1]["raised"] == "GeneratorExit"


def test_a_sync_method_is_told(logs: list[Any]) -> None:
    """A planner is no coroutine, and stays none."""
    with pytest.raises(AttributeError):
        traced(OnTime(), Planner).plan(None, None, datetime.now(UTC))
    assert [(line["call"], line["raised"]) for line in logs] == [
        ("on_time.plan(job=None)", "AttributeError")
    ]


class Plugin:
    """A plugin that is an object; one of its hooks has a name of its own, one is async."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    @hookimpl
    def jobsched_planners(self) -> list[Planner]:
        """Bring one."""
        return [OnTime()]

    @hookimpl(specname="jobsched_log_stores")
    def shelves(self) -> list[LogStore]:
        """Bring none."""
        return []

    @hookimpl
    async def jobsched_job_changed(self, change: object) -> None:
        """Keep it."""
        self.heard.append(change)


async def test_every_hook_of_a_plugin_is_traced(logs: list[Any], tmp_path: Path) -> None:
    """A stand-in has the plugin's name and all its hooks; what is async stays so."""
    plugin, services = (
        Plugin(),
        RunningServices(deployment="d", data_dir=tmp_path, ca_dir=tmp_path / "ca", settings={}),
    )
    plugins = load([], builtin=plugin, trace=True)
    registry, plugins = collect(plugins, {}, services)
    (hears,) = plugins.manager.hook.jobsched_job_changed.get_hookimpls()
    assert inspect.iscoroutinefunction(hears.function)
    await Teller(plugins, services).job_changed(cast("Any", ["news"]))
    assert plugin.heard == ["news"]
    assert plugins.report.loaded[0].hooks == (
        "jobsched_job_changed",
        "jobsched_log_stores",
        "jobsched_planners",
    )
    assert {line["plugin"] for line in logs} == {"jobsched"}
    assert [line["call"] for line in logs] == [
        "jobsched_planners()",
        "jobsched_log_stores()",
        "jobsched_job_changed(change=4 characters)",
    ]
    assert isinstance(registry.planner("on_time"), OnTime)
    assert type(registry.planner("on_time")) is not OnTime


def test_nothing_is_wrapped_unless_asked(tmp_path: Path) -> None:
    """Off, the core has the plugin's own objects and functions in hand."""
    plugin, services = (
        Plugin(),
        RunningServices(deployment="d", data_dir=tmp_path, ca_dir=tmp_path / "ca", settings={}),
    )
    plugins = load([], builtin=plugin)
    registry, _ = collect(plugins, {}, services)
    assert plugins.manager.get_plugin("jobsched") is plugin
    assert type(registry.planner("on_time")) is OnTime


def test_a_gist_of_rubbish_is_its_type() -> None:
    """What a plugin gave is looked at, and what is wrong with it is not the trace's to find."""
    plan = Plan(provision_at=cast("Any", "soon"), start_at=cast("Any", None), why="")
    broken = InstanceStatus(phase="running", instance=cast("Any", 7))
    assert [gist(plan), gist([plan]), gist(broken)] == ["Plan", "[Plan]", "running 7"]


def test_a_gist_holds_no_text_and_no_secret() -> None:
    """Of texts and bytes the length, of lists a few, of what is not known the type."""
    credential = Credential(username="who", password="hunter2")
    order = ContainerOrder(
        deployment="d",
        job=JobId("J"),
        attempt=1,
        launch=1,
        name="box",
        image="busybox",
        command=("hunter2",),
        environment=("A=hunter2",),
        pull="missing",
        credential=credential,
        timeout=timedelta(hours=1),
        grace=timedelta(seconds=1),
    )
    ready = InstanceStatus(phase="running", ready=True, instance=MACHINE)
    told = {
        gist(value): value
        for value in (
            None,
            "hunter2",
            b"hunter2",
            credential,
            order,
            [1, 2, 3, 4, 5, 6, 7],
            {"0123456789abcdef" * 4: ready, "b": "hunter2"},
            ContainerStatus(phase="exited", code=3),
            Access(kind="docker_tls", address="10.0.0.1"),
            timedelta(seconds=90),
            datetime(2026, 1, 2, tzinfo=UTC),
            LogPart(offset=7, data=b"hunter2"),
            cast("Any", Update),
        )
    }
    assert list(told) == [
        "None",
        "7 characters",
        "7 bytes",
        "Credential",
        "container box of busybox",
        "[1, 2, 3, 4, 5, 2 more]",
        "{01234567…: running, ready machine m-1, b: 7 characters}",
        "exited 3",
        "docker_tls 10.0.0.1",
        "1 min 30 s",
        "2026-01-02T00:00:00Z",
        "7 bytes at 7",
        "Update",
    ]
