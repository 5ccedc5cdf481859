"""A record with some fields changed: what the standard library does, in a fraction of its time.

A record is a tree of frozen objects, and each step of a job makes some forty of them anew. The
function of :mod:`dataclasses` looks at every field in Python and calls ``__init__``, which checks
that it may write each; here a function that does nothing else is written once for each class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    # so that the names and types of changes are checked
    from dataclasses import replace
else:

    def replace(one: T, /, **changes: object) -> T:
        """Give a copy of a dataclass with slots, in which some fields are others.

        Raises:
            TypeError: it is no such dataclass, or has no such field.
        """
        kind = type(one)
        copy = _copies.get(kind)
        if copy is None:
            copy = _copies[kind] = _copy_of(kind)
        return copy(one, **changes)


def _copy_of(kind: type[Any]) -> Callable[..., Any]:
    """Write the function of one class; its ``__init__`` is not called, so it must do no more."""
    names = [field.name for field in dataclasses.fields(kind)]
    slots: dict[str, Any] = {name: getattr(kind, name, None) for name in names}
    in_slots = all(isinstance(one, MemberDescriptorType) for one in slots.values())
    is_ours = any(name.startswith("_") for name in names)
    if not in_slots or is_ours or hasattr(kind, "__post_init__"):
        raise TypeError(f"{kind.__name__} is no dataclass that only keeps its fields, in slots")
    # names of ours begin with an underscore: a field may have any other
    given: dict[str, Any] = {f"_set_{name}": slot.__set__ for name, slot in slots.items()}
    given |= {"_make": kind.__new__, "_kind": kind, "_KEPT": object()}
    lines = [
        f"def _copy(_one, /, *, {', '.join(f'{name}=_KEPT' for name in names)}):",
        " _new = _make(_kind)",
        *(f" _set_{name}(_new, _one.{name} if {name} is _KEPT else {name})" for name in names),
        " return _new",
    ]
    exec("\n".join(lines), given)  # noqa: S102 - of names of fields alone, as dataclasses do
    copy: Callable[..., Any] = given["_copy"]
    return copy


_copies: dict[type[Any], Callable[..., Any]] = {}

__all__ = ["replace"]
