"""A copy with some fields changed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from jobsched.domain import facts
from jobsched.domain.job import Access, Try
from jobsched.domain.replace import replace

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_it_is_what_the_standard_library_makes() -> None:
    """Fields that are named are others, the rest is the same, and the first stays as it was."""
    one = Try(no=1, prepared_at=AT)
    assert replace(one, granted_at=AT, prepared_at=None) == dataclasses.replace(
        one, granted_at=AT, prepared_at=None
    )
    assert one == Try(no=1, prepared_at=AT)


def test_inherited_fields_are_kept_too() -> None:
    """A fact has its time and its launch from the class that it is derived from."""
    gone = facts.Gone(at=AT, attempt=2, launch=3, why="refused")
    assert replace(gone, why="terminated") == facts.Gone(
        at=AT, attempt=2, launch=3, why="terminated"
    )


@pytest.mark.parametrize("name", ["kind", "one", "new", "make", "copy", "KEPT"])
def test_a_field_may_have_any_name(name: str) -> None:
    """None is taken for a name of the function that copies."""
    kind = dataclasses.make_dataclass("Named", [(name, int), ("b", int)], frozen=True, slots=True)
    assert replace(kind(1, 2), b=3) == kind(1, 3)
    assert replace(kind(1, 2), **{name: 3}) == kind(3, 2)


def test_the_kind_of_an_access_is_kept() -> None:
    """As of any record: its other fields may be others."""
    assert replace(Access(kind="fake"), certificate="x") == Access(kind="fake", certificate="x")


def test_an_unknown_field_is_refused() -> None:
    """A name that no field has is a mistake of ours, and no silent attribute."""
    with pytest.raises(TypeError, match="ended_at"):
        replace(Try(no=1), ended_at=AT)  # type: ignore[call-arg]


@dataclass(frozen=True)
class _Open:
    value: int = 0


@dataclass(frozen=True, slots=True)
class _Checking:
    value: int = 0

    def __post_init__(self) -> None:
        """Check it."""


@pytest.mark.parametrize("one", [_Open(), _Checking()])
def test_a_class_that_does_more_is_refused(one: _Open | _Checking) -> None:
    """What is not in slots would be lost, and what ``__init__`` checks would not be checked."""
    with pytest.raises(TypeError, match="only keeps its fields"):
        replace(one, value=1)
