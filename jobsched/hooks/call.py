"""Calling one plugin's implementation of a hook, with no more arguments than it asks for."""

from __future__ import annotations

from typing import Any

from pluggy import HookImpl


def call(implementation: HookImpl, **arguments: Any) -> Any:
    """Call it with those of the arguments that it names."""
    wanted = {name: arguments[name] for name in implementation.argnames}
    return implementation.function(**wanted)


__all__ = ["call"]
