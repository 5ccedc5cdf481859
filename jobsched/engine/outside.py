"""Every call to the outside by its name: the places at which a process may die.

The one list of them. The fail-points (`jobsched.bootstrap.failpoint`) and the simulator's crash
points (`jobsched.testing.life`) are made from it, by the same stand-in. A name is what the outside
is and what is asked of it. A save is called by the facts that it writes, so that each place in a
job's life has a name of its own.

A call without an effect needs no name: a process that dies beside it has changed nothing that a
process that dies beside the next call has not. The simulator dies there all the same.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from jobsched.domain import facts
from jobsched.hooks.registry import Registry

#: what the outside is → what is asked of it that changes something there
EFFECTS: Mapping[str, frozenset[str]] = {
    "store": frozenset(
        {
            "accept",
            "acknowledge",
            "begin_restore",
            "bind",
            # gives each change to one process
            "changes",
            "claim",
            "clear_alarm",
            "end_restore",
            # keeps how far it came
            "examine",
            "halt",
            "hold_back",
            "let_go",
            "lock",
            "permit",
            "prune",
            "raise_alarm",
            "refill",
            "release",
            "renew",
            "repair",
            "resume",
            "see_reaper",
            "see_worker",
            "stamp",
            # keeps whom it was told of
            "suspect",
            "unlock",
            "use_permit",
            # lets a job wait, if it answers yes
            "waits_in_line",
            "wake",
        }
    ),
    "save": frozenset(kind.__name__ for kind in facts.KINDS),
    "provider": frozenset(
        {
            # may make what the request names, such as a launch template
            "freeze",
            "provision",
            "remove_leftovers",
            "terminate",
        }
    ),
    "runner": frozenset({"prepare", "remove", "start", "stop", "warn", "withdraw"}),
    "logs": frozenset({"delete", "write"}),
    "chores": frozenset({"advance_later"}),
}

#: what is asked without an effect, or at once and without the outside
READS: Mapping[str, frozenset[str]] = {
    "store": frozenset(
        {
            "alarms",
            "check",
            "close",
            "faults",
            "halted",
            "held_back",
            "list",
            "overdue",
            "past_retention",
            "quarantine",
            # puts a broken record aside; so does every other look at it
            "read",
            "reaped",
            "slots",
            "syncs_each_write",
            "wakes",
            "workers",
        }
    ),
    "provider": frozenset({"describe_all", "find", "host", "offers", "owned", "status"}),
    "runner": frozenset({"boot_script", "inspect", "logs", "status", "watch"}),
    "logs": frozenset({"read"}),
    "chores": frozenset[str](),
}

#: the call whose names are those of its facts
SAVE = ("store", "save")
POINTS = tuple(sorted(f"{kind}.{name}" for kind, names in EFFECTS.items() for name in names))

#: makes a call under its names, or dies before or after it
Cross = Callable[[tuple[str, ...], Callable[[], Awaitable[Any]]], Awaitable[Any]]


def names_of(kind: str, method: str, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the names of a call; a save of several facts has several."""
    if (kind, method) == SAVE:
        return tuple(f"save.{fact}" for fact in given["facts"])
    return (f"{kind}.{method}",)


class Outside:
    """Stands between a process and something outside; whoever is told of a call lets it through."""

    def __init__(self, outside: Any, kind: str, cross: Cross) -> None:
        self._outside = outside
        self._kind = kind
        self._cross = cross

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._outside, name)
        if name not in EFFECTS[self._kind] and not inspect.iscoroutinefunction(found):
            return found
        # kept, as it is asked for again and again
        asked = self.__dict__[name] = self._stand_in(name)
        return asked

    def _stand_in(self, name: str) -> Callable[..., Awaitable[Any]]:
        outside, cross = self._outside, self._cross
        is_save = (self._kind, name) == SAVE
        usual = () if is_save else names_of(self._kind, name, {})

        async def asked(*args: Any, **kwargs: Any) -> Any:
            names = names_of(*SAVE, kwargs) if is_save else usual
            return await cross(names, lambda: getattr(outside, name)(*args, **kwargs))

        return asked


def plugins_outside(registry: Registry, cross: Cross) -> Registry:
    """Give the registry with a stand-in for each provider, runner and log store."""

    def each(parts: Mapping[str, Any], kind: str) -> dict[str, Any]:
        return {name: Outside(part, kind, cross) for name, part in parts.items()}

    return replace(
        registry,
        providers=each(registry.providers, "provider"),
        runners=each(registry.runners, "runner"),
        log_stores=each(registry.log_stores, "logs"),
    )


__all__ = ["EFFECTS", "POINTS", "READS", "Cross", "Outside", "names_of", "plugins_outside"]
