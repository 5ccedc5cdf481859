"""What a value is, in a few words for the log; never a text that could hold a secret."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from functools import singledispatch
from typing import Any

from jobsched.contracts.callback import CallbackAction
from jobsched.contracts.change import Change
from jobsched.contracts.check import Check, Finding
from jobsched.contracts.log_store import LogPart, LogStore
from jobsched.contracts.order import ContainerOrder, MachineOrder
from jobsched.contracts.planner import Planner
from jobsched.contracts.provider import InstanceStatus, Provider
from jobsched.contracts.runner import ContainerStatus, LogChunk, Runner
from jobsched.domain.job import Access, Container, Instance, Job, Offer, Plan
from jobsched.schemas.duration import human
from jobsched.schemas.field import instant

#: Things of a list that are told; the others are counted.
MOST = 5
#: Letters of a long word, a token's or a key's, that are told.
LETTERS = 8


def gist(value: object) -> str:
    """Say what it is; of what is not known here, or is rubbish, only its type."""
    try:
        return _of(value)
    except Exception:  # noqa: BLE001 - looking at what a plugin gave must change nothing
        return type(value).__name__


@singledispatch
def _of(value: object) -> str:
    return value.__name__ if isinstance(value, type) else type(value).__name__


@_of.register(type(None))
def _(value: None) -> str:
    return str(value)


@_of.register(bool)
@_of.register(int)
@_of.register(float)
def _(value: float) -> str:
    return str(value)


@_of.register(str)
def _(value: str) -> str:
    return f"{len(value)} characters"


@_of.register(bytes)
def _(value: bytes) -> str:
    return f"{len(value)} bytes"


@_of.register(datetime)
def _(value: datetime) -> str:
    return instant(value)


@_of.register(timedelta)
def _(value: timedelta) -> str:
    return human(value)


@_of.register(list)
@_of.register(tuple)
def _(value: list[Any] | tuple[Any, ...]) -> str:
    return f"[{_some([*map(gist, value)])}]"


@_of.register(Mapping)
def _(value: Mapping[Any, Any]) -> str:
    told = [f"{shortened(str(key))}: {gist(item)}" for key, item in value.items()]
    return "{" + _some(told) + "}"


@_of.register(AsyncIterator)
def _(value: AsyncIterator[Any]) -> str:
    del value
    return "a stream"


@_of.register(Provider)
@_of.register(Runner)
@_of.register(Planner)
@_of.register(LogStore)
@_of.register(CallbackAction)
@_of.register(Check)
def _(value: Provider | Runner | Planner | LogStore | CallbackAction | Check) -> str:
    return f"{type(value).__name__} {getattr(value, 'name', '')}"


@_of.register
def _(value: Job) -> str:
    return f"job {value.id}"


@_of.register
def _(value: Change) -> str:
    return f"job {value.job} rev {value.rev} {value.state}"


@_of.register
def _(value: Finding) -> str:
    return value.verdict


@_of.register
def _(value: MachineOrder) -> str:
    return f"job {value.job} attempt {value.attempt} launch {value.launch}"


@_of.register
def _(value: ContainerOrder) -> str:
    return f"container {value.name} of {value.image}"


@_of.register
def _(value: Offer) -> str:
    return f"offer {value.label}"


@_of.register
def _(value: Plan) -> str:
    return f"provision at {instant(value.provision_at)}, start at {instant(value.start_at)}"


@_of.register
def _(value: Access) -> str:
    return f"{value.kind} {value.host_id or value.address}"


@_of.register
def _(value: Instance) -> str:
    return f"machine {value.id}"


@_of.register
def _(value: InstanceStatus) -> str:
    of = f" {gist(value.instance)}" if value.instance else ""
    return f"{value.phase}{', ready' if value.ready else ''}{of}"


@_of.register
def _(value: Container) -> str:
    return f"container {value.name}"


@_of.register
def _(value: ContainerStatus) -> str:
    return value.phase if value.code is None else f"{value.phase} {value.code}"


@_of.register(LogChunk)
@_of.register(LogPart)
def _(value: LogChunk | LogPart) -> str:
    return f"{len(value.data)} bytes at {value.offset}"


def shortened(word: str) -> str:
    """Give the beginning of a word that is long enough to be a token."""
    return f"{word[:LETTERS]}…" if len(word) > 4 * LETTERS else word


def _some(told: list[str]) -> str:
    rest = len(told) - MOST
    return ", ".join(told[:MOST] + ([f"{rest} more"] if rest > 0 else []))


__all__ = ["gist", "shortened"]
