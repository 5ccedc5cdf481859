"""Stand-ins for plugins and for what they bring, which log every call.

Only where ``trace_plugins`` is set; else nothing is wrapped. No secret is logged: of what could
hold one only its length is (:mod:`jobsched.hooks.gist`).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from pluggy import PluginManager

from jobsched.hooks.gist import gist, shortened
from jobsched.hooks.traced import traced

#: Arguments that are the same in every call, or the process' own.
NOT_TOLD = frozenset({"self", "services", "history", "cli", "now"})
#: Texts that are told: they are names, and no secrets.
NAMES = frozenset({"job", "instance_id", "token"})


class _TracedPart:
    """Stands in the place of a part: all that is read of it is the part's own."""

    def __init__(self, part: Any, contract: type, who: Mapping[str, str]) -> None:
        self.__part = part
        self.__who = who
        self.__methods = dict(inspect.getmembers(contract, inspect.isfunction))

    @property  # type: ignore[misc]  # so that it is an instance of whatever the part is one of
    def __class__(self) -> type:
        return type(self.__part)

    def __repr__(self) -> str:
        return repr(self.__part)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.__part, name)
        if name.startswith("_") or name not in self.__methods:
            return found
        signature = inspect.signature(self.__methods[name])

        def given(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
            return _told(signature.bind(self, *args, **kwargs).arguments)

        return traced(found, f"{self.__part.name}.{name}", given, self.__who)


def trace_part(part: Any, contract: type, *, plugin: str, kind: str) -> Any:
    """Give a stand-in of what a plugin brought, which logs every call of the contract's methods."""
    return _TracedPart(part, contract, {"plugin": plugin, "part": kind})


def trace_hooks(manager: PluginManager) -> None:
    """Register a stand-in in the place of each plugin, whose hooks log their calls."""
    for name, plugin in manager.list_name_plugin():
        stand_in = type("TracedPlugin", (), {})()
        for caller in manager.get_hookcallers(plugin) or []:
            for one in caller.get_hookimpls():
                if one.plugin is plugin:
                    function = traced(one.function, caller.name, _of_hook, {"plugin": name})
                    # pluggy finds it by its name, or by the specname that goes along with it
                    at = one.function.__name__ if one.opts["specname"] else caller.name
                    setattr(stand_in, at, function)
        manager.unregister(plugin)
        manager.register(stand_in, name)


def _of_hook(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    del args  # hooks are called by name
    return _told(kwargs)


def _told(arguments: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}={_argument(name, value)}"
        for name, value in arguments.items()
        if name not in NOT_TOLD
    )


def _argument(name: str, value: Any) -> str:
    if name == "config":
        # its sections only: a value could be a password, and a number too
        return f"[{', '.join(value)}]"
    return shortened(value) if name in NAMES and isinstance(value, str) else gist(value)


__all__ = ["trace_hooks", "trace_part"]
