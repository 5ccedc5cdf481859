"""Calling one plugin's implementation of a hook, with no more arguments than it asks for."""

from __future__ import annotations

import inspect
from typing import Any

from pluggy import HookImpl

from jobsched.errors import BadHookResult, JobschedError, PluginLoadFailed


def call(implementation: HookImpl, **arguments: Any) -> Any:
    """Call it with those of the arguments that it names."""
    wanted = {name: arguments[name] for name in implementation.argnames}
    return implementation.function(**wanted)


def ask(implementation: HookImpl, hook: str, **arguments: Any) -> Any:
    """Call a hook that brings something.

    Raises:
        PluginLoadFailed: it raised.
        BadHookResult: it is async: nobody waits at start.
    """
    plugin = implementation.plugin_name
    try:
        result = call(implementation, **arguments)
    except JobschedError as error:
        raise PluginLoadFailed(plugin, error.message, hook=hook) from error
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        raise PluginLoadFailed(plugin, message, hook=hook) from error
    if inspect.iscoroutine(result):
        result.close()
        raise BadHookResult(plugin, "it must not be async", hook=hook)
    return result


__all__ = ["ask", "call"]
