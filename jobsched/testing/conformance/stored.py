"""What a plugin keeps in the record, after it was written to the store and read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from jobsched.contracts.provider import InstanceStatus, OwnedMachine
from jobsched.domain.job import (
    Attempt,
    Container,
    Instance,
    Job,
    JobId,
    Launch,
    Offer,
    Plan,
    Spec,
    Try,
)
from jobsched.store import codec
from jobsched.store.keepable import Keepable, NotKeepable
from jobsched.testing.conformance.breach import Broken

T = TypeVar("T")

DO = (
    "Keep only what JSON has: null, true, false, numbers, text, lists, and objects with text as "
    "keys. A tuple comes back as a list, a date as text. Keep ids, and look the rest up: an answer "
    "has at most 64 KiB."
)
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_LAUNCH = Launch(
    no=1,
    begun_at=_AT,
    token="a",  # noqa: S106 - no password, and nobody's
    offer=0,
    request="{}",
    dies_at=_AT,
    settles_until=_AT,
)
_ATTEMPT = Attempt(no=1, planned_at=_AT, plan=Plan(provision_at=_AT, start_at=_AT))
_SPEC = Spec(schedule=_AT, docker_image="i", provider="p", runner="r", planner="p")
_JOB = Job(id=JobId("j"), spec=_SPEC, accepted_at=_AT)


def status(made: InstanceStatus) -> InstanceStatus:
    """Give the description of a machine as the core takes it; raises as :func:`instance`."""
    return _taken(InstanceStatus, made)


def owned(made: OwnedMachine) -> OwnedMachine:
    """Give a machine of the list as the core takes it; raises as :func:`instance`."""
    return _taken(OwnedMachine, made)


def instance(made: Instance) -> Instance:
    """Give the machine as the core has it after a restart.

    Raises:
        Broken: it cannot be written, or does not come back as it was.
    """
    launch = replace(_LAUNCH, instance=made, access=made.access)
    read = _read(replace(_ATTEMPT, launches=(launch,)), made)
    return _same(made, read.launches[0].instance)


def kept(made: Instance) -> Instance:
    """Give the machine as the core has it after a restart, as good as it can be had."""
    try:
        return instance(made)
    except Broken:
        # One test tells of it; the others are about something else.
        return made


def offers(made: Sequence[Offer]) -> tuple[Offer, ...]:
    """Give the offers as the core has them after a restart; raises as :func:`instance`."""
    taken = tuple(_taken(Offer, one) for one in made)
    return _same(taken, _read(replace(_ATTEMPT, offers=taken), made).offers)


def container(made: Container) -> Container:
    """Give the container as the core has it after a restart; raises as :func:`instance`."""
    launch = replace(_LAUNCH, tries=(Try(no=0, container=_taken(Container, made)),))
    return _same(
        made, _read(replace(_ATTEMPT, launches=(launch,)), made).launches[0].tries[0].container
    )


def _taken(kind: type[T], made: T) -> T:
    try:
        return Keepable(kind)(made)
    except NotKeepable as error:
        raise Broken(f"{made!r:.300} cannot be kept: it is {error}", do=DO) from error


def _read(attempt: Attempt, made: object) -> Attempt:
    try:
        read = codec.decode(codec.encode(replace(_JOB, attempt=attempt))).attempt
    except Exception as error:
        raise Broken(f"{made} cannot be stored: {error}", do=DO) from error
    return read or attempt


def _same(made: T, read: T | None) -> T:
    if made != read or read is None:
        raise Broken(f"{made} was stored, and came back as {read}", do=DO)
    return read


__all__ = ["DO", "container", "instance", "kept", "offers", "owned", "status"]
