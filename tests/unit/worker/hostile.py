"""Plugins that do what no contract allows, beside good ones, on one worker in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from jobsched.builtin import OnTime, RedisLogs
from jobsched.contracts.provider import InstanceStatus
from jobsched.contracts.runner import ContainerStatus, LogChunk
from jobsched.domain.job import Access, Container, Instance, Job, JobId, Offer, Plan
from jobsched.engine.parts import Parts
from jobsched.engine.submit import submit
from jobsched.engine.sweep import sweep
from jobsched.errors import OperationFailed, StaleWrite
from jobsched.hooks.registry import Registry
from jobsched.testing.fakes import FakeProvider, FakeRunner
from jobsched.testing.simulator import Simulation
from jobsched.testing.virtual_time import VirtualClock
from jobsched.worker.watch import Watches
from tests.unit.worker.crew import Heard, a_world, at_work, parts_of

Work = Callable[..., Any]


class Exit(BaseException):
    """What ends a process that does not look out."""


class BadProvider(FakeProvider):
    """A provider of which one method is replaced."""

    name: ClassVar[str] = "bad"


class BadRunner(FakeRunner):
    """A runner of which one method is replaced."""

    name: ClassVar[str] = "bad"


class BadPlanner(OnTime):
    """A planner of which one method is replaced."""

    name: ClassVar[str] = "bad"


@dataclass(slots=True)
class Calls:
    """When a replaced method was called, in virtual seconds."""

    at: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.at)

    @property
    def most_in_a_second(self) -> int:
        """How many calls there were in any one second, at most."""
        return max(sum(1 for other in self.at if 0 <= other - one < 1) for one in self.at)


def replaced(part: Any, method: str, how: Callable[[Work], Work]) -> Calls:
    """Replace a method of a part; give when it is called."""
    calls, work = Calls(), how(getattr(part, method))

    def called(*args: Any, **kwargs: Any) -> Any:
        calls.at.append(VirtualClock().monotonic())
        return work(*args, **kwargs)

    setattr(part, method, called)
    return calls


def raising(error: BaseException) -> Callable[[Work], Work]:
    """Raise while it is awaited, without having done anything."""

    def how(work: Work) -> Work:
        del work

        async def called(*args: Any, **kwargs: Any) -> Any:
            del args, kwargs
            await asyncio.sleep(0)
            raise error

        return called

    return how


def raising_at_once(work: Work) -> Work:
    """Raise before there is anything to await, as a wrong signature does."""
    del work

    def called(*args: Any, **kwargs: Any) -> Any:
        del args, kwargs
        raise TypeError("it takes another number of arguments")

    return called


def answering(given: object) -> Callable[[Work], Work]:
    """Answer this, without having done anything."""

    def how(work: Work) -> Work:
        del work

        async def called(*args: Any, **kwargs: Any) -> Any:
            del args, kwargs
            return given

        return called

    return how


def after_the_effect(how: Callable[[Work], Work]) -> Callable[[Work], Work]:
    """Do the real work first, and then misbehave."""

    def both(work: Work) -> Work:
        then = how(work)

        async def called(*args: Any, **kwargs: Any) -> Any:
            await work(*args, **kwargs)
            return await then(*args, **kwargs)

        return called

    return both


def hanging(work: Work) -> Work:
    """Never answer; end when it is cancelled."""
    del work

    async def called(*args: Any, **kwargs: Any) -> Any:
        del args, kwargs
        await asyncio.Event().wait()

    return called


def clinging(work: Work) -> Work:
    """Never answer, and take no notice of being cancelled, the first time."""
    del work

    async def called(*args: Any, **kwargs: Any) -> Any:
        del args, kwargs
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    return called


def forgetting_async(work: Work) -> Work:
    """Answer something that cannot be awaited."""
    del work
    return lambda *_args, **_kwargs: None


#: how to break any method
BROKEN: dict[str, Callable[[Work], Work]] = {
    "a KeyError": raising(KeyError("machine")),
    "a TimeoutError of its own": raising(TimeoutError()),
    "a cancel of its own": raising(asyncio.CancelledError()),
    "an exit": raising(SystemExit(1)),
    "a BaseException": raising(Exit()),
    "the core's own error": raising(StaleWrite()),
    "an error with rubbish in it": raising(OperationFailed(7, then="banana")),  # type: ignore[arg-type] # rubbish
    "an error before it is awaited": raising_at_once,
    "a method that is not async": forgetting_async,
}
#: the same with an answer that no method may give
RUBBISH: dict[str, Callable[[Work], Work]] = {
    "nothing": answering(None),
    "a number": answering(7),
    "a mapping": answering({"phase": "running"}),
    "a list of texts": answering(["offer"]),
    "an object": answering(object()),
}

_cyclic: list[Any] = []
_cyclic.append(_cyclic)
_deep: list[Any] = []
for _ in range(200):
    _deep = [_deep]
STATES: dict[str, Any] = {
    "a time": datetime(2026, 1, 1, tzinfo=UTC),
    "bytes": b"bytes",
    "a set": {1},
    "an object": object(),
    "no number": float("nan"),
    "half a character": "\ud800",
    "a number as a key": {1: 2},
    "a megabyte": "x" * 1_000_000,
    "itself": _cyclic,
    "too many levels": _deep,
}
_access = Access(kind="fake")


def _machine(state: Any) -> InstanceStatus:
    instance = Instance(id="m", access=_access, state=state)
    return InstanceStatus(phase="running", ready=True, access=_access, instance=instance)


def _offer(state: Any) -> Offer:
    return Offer(label="o", state=state)


def _made(state: Any) -> Container:
    return Container(name="c", state=state)


def _status(**fields: Any) -> ContainerStatus:
    return ContainerStatus(**{"phase": "exited", "code": 0, **fields})


#: answers of the right class, and wrong inside, by the method
WRONG_INSIDE: dict[str, dict[str, object]] = {
    "offers": {
        "a generator": (Offer(label=str(n)) for n in range(2)),
        "an offer without a label": [Offer(label=None)],  # type: ignore[arg-type] # rubbish
        **{f"a state with {what}": [_offer({"v": v})] for what, v in STATES.items()},
    },
    "freeze": {"bytes": b"{}", "half a character": "\ud800", "a megabyte": "x" * 1_000_000},
    "provision": {
        "an unknown phase": InstanceStatus(phase="banana"),  # type: ignore[arg-type] # rubbish
        "no machine": InstanceStatus(phase="running", ready=True),
        "a machine without an id": InstanceStatus(phase="running", instance=Instance(id="")),
        "a machine as a mapping": InstanceStatus(phase="running", instance={"id": "m"}),  # type: ignore[arg-type] # rubbish
        "a text for access": InstanceStatus(
            phase="running",
            access="tcp://m",  # type: ignore[arg-type] # rubbish
            instance=Instance(id="m"),
        ),
        **{f"a state with {what}": _machine({"v": v}) for what, v in STATES.items()},
        "a state that is a list": _machine([1]),
    },
    "prepare": {
        "a container without a name": Container(name=""),
        "another name": Container(name="mine", id="1"),
        **{f"a state with {what}": _made({"v": v}) for what, v in STATES.items()},
    },
    "inspect": {
        "an unknown phase": _status(phase="banana"),
        "a text for a code": _status(code="0"),
        "a truth for a code": _status(code=True),
        "a time without a zone": _status(started_at=datetime(2026, 1, 1)),  # noqa: DTZ001 - rubbish
        "a time in the year 1": _status(finished_at=datetime(1, 1, 1, tzinfo=UTC)),
        "a number for a message": _status(message=5),
    },
}
PLANS: dict[str, object] = {
    "nothing": None,
    "a number": 7,
    "times without a zone": Plan(
        provision_at=datetime(2026, 1, 1),  # noqa: DTZ001 - rubbish
        start_at=datetime(2026, 1, 1),  # noqa: DTZ001 - rubbish
    ),
    "the year 1": Plan(
        provision_at=datetime(1, 1, 1, tzinfo=UTC), start_at=datetime(2026, 1, 1, tzinfo=UTC)
    ),
    "the year 9999": Plan(
        provision_at=datetime(2026, 1, 1, tzinfo=UTC), start_at=datetime.max.replace(tzinfo=UTC)
    ),
    "a text for a time": Plan(provision_at="now", start_at="now"),  # type: ignore[arg-type] # rubbish
    "half a character": Plan(
        provision_at=datetime(2026, 1, 1, tzinfo=UTC),
        start_at=datetime(2026, 1, 1, tzinfo=UTC),
        why="\ud800",
    ),
}
CHUNKS: dict[str, object] = {
    "nothing": None,
    "bytes": b"hello",
    "a text for data": LogChunk(offset=0, data="hello"),  # type: ignore[arg-type] # rubbish
    "a place before the first byte": LogChunk(offset=-1, data=b"hello"),
}


@dataclass(slots=True, kw_only=True)
class Scene:
    """A world with a good and a bad part of each kind, and one worker for both."""

    simulation: Simulation
    provider: BadProvider
    runner: BadRunner
    planner: BadPlanner
    heard: Heard
    parts: Parts

    @classmethod
    async def begin(cls, **settings: Any) -> Scene:
        """Make it; nothing works yet."""
        heard = Heard()
        simulation = await a_world(log=heard, **settings)
        provider, runner = BadProvider(simulation.world), BadRunner(simulation.world)
        planner, parts = BadPlanner(), parts_of(simulation)
        registry = replace(
            parts.registry,
            providers={"fake": simulation.provider, "bad": provider},
            runners={"fake": simulation.runner, "bad": runner},
            planners={**parts.registry.planners, "bad": planner},
        )
        return cls(
            simulation=simulation,
            provider=provider,
            runner=runner,
            planner=planner,
            heard=heard,
            parts=replace(parts, registry=registry),
        )

    @property
    def registry(self) -> Registry:
        """Everything there is."""
        return self.parts.registry

    @property
    def logs(self) -> RedisLogs:
        """Where logs are kept."""
        store = self.registry.log_store
        assert isinstance(store, RedisLogs)
        return store

    async def schedule(self, **asked: Any) -> JobId:
        """Schedule a job for now; ``asked`` as in ``POST /schedule``."""
        wish = {"schedule": self.parts.now, "docker_image": "imagined", **asked}
        return (await submit(replace(self.parts, worker=""), wish)).id

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Let the worker work: dispatch, watches, and every 20 seconds a sweep of each provider."""
        parts = replace(self.parts, watch=Watches(self.parts).ensure)
        async with at_work(parts):
            for provider in self.registry.providers.values():
                parts.services.spawn.task(self._sweep(parts, provider), name="sweep")
            yield

    async def _sweep(self, parts: Parts, provider: Any) -> None:
        while True:
            await self.simulation.clock.sleep(20)
            await sweep(parts, provider)

    async def ended(self, *jobs: JobId, within: float = 7200) -> list[Job]:
        """Give the jobs when all have ended."""
        return await self.simulation.ended(*jobs, within=within)

    async def job(self, job: JobId) -> Job:
        """Read a job."""
        return await self.simulation.job(job)


async def with_bystanders(scene: Scene, **asked: Any) -> Job:
    """Run one job on bad parts among good ones; give it when all have ended, and see to those."""
    bad = await scene.schedule(**asked)
    good = [await scene.schedule() for _ in range(3)]
    async with scene.at_work():
        await _finish(scene, good)
        ended, *_ = await scene.ended(bad)
    return ended


async def _finish(scene: Scene, good: list[JobId]) -> None:
    """See the others end well in their own time, whatever goes on beside them."""
    found = await scene.ended(*good, within=20)
    reasons = [job.attempt.outcome.reason for job in found if job.attempt and job.attempt.outcome]
    assert reasons == ["finished"] * len(good)


Awaited = Callable[[], Awaitable[Any]]

__all__ = [
    "BROKEN",
    "CHUNKS",
    "PLANS",
    "RUBBISH",
    "WRONG_INSIDE",
    "Calls",
    "Scene",
    "after_the_effect",
    "answering",
    "clinging",
    "hanging",
    "raising",
    "replaced",
    "with_bystanders",
]
