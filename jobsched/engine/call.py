"""Call a plugin: with a time limit, and with a bug told apart from an expected failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from jobsched.engine.parts import Parts
from jobsched.errors import OperationFailed, Unavailable

T = TypeVar("T")

#: what the contracts promise for most methods
USUAL = timedelta(seconds=60)


class PluginBug(OperationFailed):
    """A plugin raised what no contract allows, or gave no answer in time."""


async def call(parts: Parts, what: str, work: Awaitable[T], *, within: timedelta = USUAL) -> T:
    """Give the plugin's answer.

    Raises:
        OperationFailed: an expected failure; a time-out is one, with unknown effect.
        PluginBug: anything else, logged with its traceback.
    """
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await work
    except TimeoutError as error:
        seconds = f"{within.total_seconds():g} s"
        message = f"{what} gave no answer within {seconds}"
        raise OperationFailed("time_out", message, effect="unknown") from error
    except (OperationFailed, Unavailable):
        raise
    except Exception as error:
        parts.services.log.exception("plugin.failed", call=what)
        message = f"{what} failed: {type(error).__name__}"
        raise PluginBug("plugin_error", message, effect="unknown") from error


__all__ = ["USUAL", "PluginBug", "call"]
