"""Looking at everything at once, and telling it in order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobsched.bootstrap.doctor.callback import Callback
from jobsched.bootstrap.doctor.certificates import Certificates
from jobsched.bootstrap.doctor.checks import store_checks
from jobsched.bootstrap.doctor.leaks import leaks_of
from jobsched.bootstrap.doctor.local import Configuration, PluginsThere, Secret
from jobsched.bootstrap.doctor.reading import Reading, read
from jobsched.bootstrap.doctor.server import Server
from jobsched.config import Config
from jobsched.contracts.check import Check, Verdict
from jobsched.errors import ConfigError
from jobsched.hooks.checks import Brought, look
from jobsched.hooks.load import CORE


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one check has found."""

    check: str
    #: who brings it; the core's own name for its own
    plugin: str
    verdict: Verdict
    sentence: str


async def examine(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
    *,
    only: Collection[str] = (),
    fix: bool = False,
    also: Sequence[Callable[[Config], Sequence[Check]]] = (),
) -> AsyncIterator[Result]:
    """Give what each check finds, the core's first; has no effect, and needs no Redis.

    Args:
        flags: as of :func:`jobsched.bootstrap.configure`, as are ``environ`` and ``file``.
        environ: the environment.
        file: the TOML file, if it was named.
        only: names of checks (``redis`` is also ``redis.memory``) or of plugins; empty: all.
            A configuration or a plugin that is broken is told in any case: because of it others
            may be missing.
        fix: let index entries be rebuilt from their records; nothing else is changed.
        also: more checks of the core, made from the configuration.

    Raises:
        ConfigError: nothing is named so.
    """
    reading = read(flags, environ, file)
    async with AsyncExitStack() as stack:
        if reading.services is not None:
            stack.push_async_callback(reading.services.spawn.close)
        first = _own([Configuration(reading, environ), PluginsThere(reading)])
        more = [one for make in also if reading.config is not None for one in make(reading.config)]
        rest = [*_own([*_of_core(reading, stack, fix=fix), *more]), *reading.brought]
        if reading.config is not None and not reading.report.broken:
            _refuse_unknown(only, [*first, *rest], reading)
        for brought in first:
            result = await _look(brought)
            if _is_chosen(brought, only) or result.verdict in {"fail", "unknown"}:
                yield result
        chosen = [one for one in rest if _is_chosen(one, only)]
        looking = [asyncio.ensure_future(_look(one)) for one in chosen]
        stack.callback(_give_up, looking)
        for one in looking:
            yield await one


def _own(checks: Sequence[Check]) -> list[Brought]:
    return [Brought(plugin=CORE, check=one) for one in checks]


def _of_core(reading: Reading, stack: AsyncExitStack, *, fix: bool) -> list[Check]:
    if reading.config is None:
        return []
    server = Server(reading.config, stack)
    return [
        Secret(reading.config),
        Certificates(reading.config, reading.access),
        Callback(reading.config, reading.callers),
        *store_checks(server, reading.config, fix=fix),
        *(leaks_of(server, reading.config, one) for one in reading.providers.values()),
    ]


def _is_chosen(brought: Brought, only: Collection[str]) -> bool:
    return not only or any(_means(word, brought) for word in only)


def _means(word: str, brought: Brought) -> bool:
    return word in {brought.plugin, brought.name} or brought.name.startswith(f"{word}.")


def _refuse_unknown(only: Collection[str], there: Sequence[Brought], reading: Reading) -> None:
    for word in only:
        if any(_means(word, one) for one in there):
            continue
        if word in reading.report.unused:
            raise ConfigError(
                f"the plugin {word} is installed and not loaded: name it in plugins "
                "(JOBSCHED_PLUGINS)"
            )
        names = ", ".join(one.name for one in there)
        raise ConfigError(f"no check is named {word!r}, and no loaded plugin with checks: {names}")


async def _look(brought: Brought) -> Result:
    found = await look(brought)
    return Result(
        check=brought.name,
        plugin=brought.plugin,
        verdict=found.verdict,
        sentence=found.sentence,
    )


def _give_up(looking: Sequence[asyncio.Task[Result]]) -> None:
    """End what nobody waits for any more."""
    for one in looking:
        one.cancel()


__all__ = ["Result", "examine"]
