"""A rule of the production code, broken for a while by putting something else in its place."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What is put in the place of one function or attribute."""

    #: ``module:name`` or ``module:Class.name``
    where: str
    #: gives the broken one from the sound one
    make: Callable[[Any], Any]
    #: also wherever a module of ours has imported it by name
    everywhere: bool = False

    @property
    def place(self) -> tuple[Any, str]:
        """Give what has the attribute, and its name."""
        module, _, path = self.where.partition(":")
        *owners, name = path.split(".")
        owner: Any = importlib.import_module(module)
        for one in owners:
            owner = getattr(owner, one)
        return owner, name

    def sound(self) -> Any:
        """Give what stands there: of a class, as it is written in it.

        Raises:
            KeyError: there is nothing of that name.
        """
        owner, name = self.place
        return vars(owner)[name]


def always(given: Any) -> Callable[[Any], Any]:
    """Make a function that gives this, whatever it is given."""

    def make(sound: Any) -> Any:
        del sound

        def broken(*_: Any, **__: Any) -> Any:
            return given

        return broken

    return make


def instead(given: Any) -> Callable[[Any], Any]:
    """Put this in the place of whatever stands there."""

    def make(sound: Any) -> Any:
        del sound
        return given

    return make


@contextlib.contextmanager
def patched(patches: Iterable[Patch]) -> Iterator[None]:
    """Have all of them in place for the length of the block; they are undone whatever happens."""
    with contextlib.ExitStack() as undone:
        for patch in patches:
            undone.enter_context(_put(patch))
        yield


@contextlib.contextmanager
def _put(patch: Patch) -> Iterator[None]:
    sound = patch.sound()
    broken = patch.make(sound)
    places = [patch.place]
    if patch.everywhere:
        places = list(_bound(sound))
    for owner, name in places:
        setattr(owner, name, broken)
    try:
        yield
    finally:
        # who has imported it meanwhile has the broken one
        for owner, name in [*places, *_bound(broken)]:
            setattr(owner, name, sound)


def _bound(what: object) -> Iterator[tuple[Any, str]]:
    """Find the modules of ours in which something has a name."""
    for module, found in sorted(sys.modules.items()):
        if module.startswith("jobsched."):
            names = [name for name, value in vars(found).items() if value is what]
            yield from ((found, name) for name in names)


__all__ = ["Patch", "always", "instead", "patched"]
