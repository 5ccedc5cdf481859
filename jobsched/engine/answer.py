"""What a plugin answered, checked where it enters: to the engine it is as its contract says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TypeVar

from jobsched.contracts.log_store import LogPart
from jobsched.contracts.provider import InstanceStatus, OwnedMachine
from jobsched.contracts.runner import ContainerStatus, LogChunk
from jobsched.domain import facts
from jobsched.domain.job import Container, Offer, Plan
from jobsched.domain.replace import replace
from jobsched.store.keepable import Keepable, NotKeepable, named

T = TypeVar("T")
#: checks an answer and gives it, or raises `NotKeepable`
Answer = Callable[[object], T]

#: bytes of a frozen request, or of a script: the user data of any cloud fits in
LONGEST_TEXT = 256 * 1024
#: characters of somebody else's words that are shown to a user
LONGEST_MESSAGE = 2000
#: characters of a reason
LONGEST_REASON = 64
#: bytes of a note (`jobsched.contracts.callback`)
LARGEST_NOTE = 4096

_status = Keepable(InstanceStatus)
_owned = Keepable(OwnedMachine)
_container_status = Keepable(ContainerStatus)
_container = Keepable(Container)
_offer = Keepable(Offer)
_plan = Keepable(Plan)
_facts: dict[type, Keepable[facts.Fact]] = {kind: Keepable(kind) for kind in facts.KINDS}


def nothing(given: object) -> None:
    """Take anything: there is nothing to answer."""
    del given


def text(given: object) -> str:
    """Take a frozen request, or a script."""
    if not isinstance(given, str):
        raise NotKeepable(f"{named(given)}, and no text")
    try:
        written = given.encode()
    except UnicodeEncodeError as error:
        raise NotKeepable(f"a text that is no Unicode: {error.reason}") from error
    if len(written) > LONGEST_TEXT:
        raise NotKeepable(f"a text of {len(written)} bytes; the most is {LONGEST_TEXT}")
    return written.decode()


def offers(given: object) -> tuple[Offer, ...]:
    """Take a sequence of offers; an empty one is one."""
    if not isinstance(given, list | tuple):
        raise NotKeepable(f"{named(given)}, and no list of offers")
    return tuple(_offer(one) for one in given)


def instance_status(given: object) -> InstanceStatus:
    """Take the description of a machine."""
    status = _status(given)
    if status.instance is not None and not status.instance.id:
        raise NotKeepable("an InstanceStatus whose instance has no id")
    if status.refusal is not None and not is_label(status.refusal.reason):
        raise NotKeepable("an InstanceStatus whose refusal has no short label as its reason")
    return status


def launched(given: object) -> InstanceStatus:
    """Take the description of a machine that was asked for: with its id."""
    status = instance_status(given)
    if status.instance is None:
        raise NotKeepable("an InstanceStatus without an instance: return once its id is known")
    return status


def found(given: object) -> InstanceStatus | None:
    """Take the description of a machine, or None for none."""
    return None if given is None else instance_status(given)


def described(given: object) -> dict[str, InstanceStatus | NotKeepable]:
    """Take descriptions by token; what is wrong with one does not hide the others."""
    if not isinstance(given, Mapping):
        raise NotKeepable(f"{named(given)}, and no mapping of tokens to InstanceStatus")
    checked: dict[str, InstanceStatus | NotKeepable] = {}
    for token, one in given.items():
        try:
            checked[token] = instance_status(one)
        except NotKeepable as error:
            checked[token] = error
    return checked


def owned(given: object) -> list[OwnedMachine | NotKeepable]:
    """Take a list of machines; what is wrong with one does not hide the others."""
    if not isinstance(given, list | tuple):
        raise NotKeepable(f"{named(given)}, and no list of OwnedMachine")
    return [_listed(one) for one in given]


def _listed(given: object) -> OwnedMachine | NotKeepable:
    try:
        machine = _owned(given)
    except NotKeepable as error:
        return error
    return machine if machine.instance.id else NotKeepable("an OwnedMachine that has no id")


def container(name: str) -> Answer[Container]:
    """Take a container of the name that was ordered: it is found again by it."""

    def check(given: object) -> Container:
        made = _container(given)
        if made.name != name:
            raise NotKeepable(f"a Container named {made.name[:80]!r}, and {name!r} was ordered")
        return made

    return check


def container_status(given: object) -> ContainerStatus:
    """Take how a container stands; its engine's words are shortened, not refused."""
    if isinstance(given, ContainerStatus) and isinstance(given.message, str):
        given = replace(given, message=readable(given.message))
    return _container_status(given)


def words(given: object) -> list[str]:
    """Take a list of words for the log."""
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise NotKeepable(f"{named(given)}, and no list of words")
    return [readable(one) for one in given]


def output(given: object) -> AsyncIterator[object]:
    """Take a stream of pieces of output; each is checked as it comes."""
    if not isinstance(given, AsyncIterator):
        raise NotKeepable(f"{named(given)}, and no asynchronous iterator")
    return given


def chunk(given: object) -> LogChunk:
    """Take a piece of output. It is not kept as JSON, and may hold any bytes."""
    return _piece(given, LogChunk)


def stored(given: object) -> list[LogPart]:
    """Take what a log store kept."""
    if not isinstance(given, list | tuple):
        raise NotKeepable(f"{named(given)}, and no list of LogPart")
    return [_piece(one, LogPart) for one in given]


def stream(given: object) -> AsyncIterator[str] | None:
    """Take a stream of containers' names, or None for none. What comes of it is checked later."""
    if given is not None and not isinstance(given, AsyncIterator):
        raise NotKeepable(f"{named(given)}, and no asynchronous iterator")
    return given


def plan(given: object) -> Plan:
    """Take a plan, with times that can be reckoned with."""
    return _plan(given)


def fact(given: object) -> facts.Fact | None:
    """Take a fact about an attempt, or None for nothing."""
    if given is None:
        return None
    if type(given) not in _facts:
        raise NotKeepable(f"{named(given)}, and no fact")
    checked = _facts[type(given)](given)
    if isinstance(checked, facts.Noted):
        size = len(json.dumps(checked.data, ensure_ascii=False).encode())
        if size > LARGEST_NOTE:
            raise NotKeepable(f"a note of {size} bytes; the most is {LARGEST_NOTE}")
    return checked


def is_label(reason: str) -> bool:
    """Say whether a reason can stand in metrics and in a table: short, ASCII, in one line."""
    return reason.isascii() and reason.isprintable() and 0 < len(reason) <= LONGEST_REASON


def readable(words: str) -> str:
    """Give somebody else's words so that they can be kept and shown: not too long, and Unicode."""
    return words[:LONGEST_MESSAGE].encode(errors="replace").decode()


P = TypeVar("P", LogChunk, LogPart)


def _piece(given: object, kind: type[P]) -> P:
    if not isinstance(given, kind):
        raise NotKeepable(f"{named(given)}, and no {kind.__name__}")
    offset: object = given.offset
    data: object = given.data
    if not (isinstance(offset, int) and offset >= 0):
        raise NotKeepable(f"{named(given)} whose offset is no number from 0 on")
    if not isinstance(data, bytes | bytearray | memoryview):
        raise NotKeepable(f"{named(given)} whose data is {named(data)}, and no bytes")
    return given


__all__ = [
    "Answer",
    "chunk",
    "container",
    "container_status",
    "described",
    "fact",
    "found",
    "instance_status",
    "is_label",
    "launched",
    "nothing",
    "offers",
    "output",
    "owned",
    "plan",
    "readable",
    "stored",
    "stream",
    "text",
    "words",
]
