"""Hearing of ends, where a runner can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import pytest

from jobsched.contracts.runner import Runner
from jobsched.testing.conformance.answer import answer
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.promise import promised


class RunnerWatch:
    """`watch`; skipped where there is none."""

    @promised(
        by=Runner.watch,
        that="a stream that is opened names the containers that have ended already",
        do="Begin with the list of ended containers of this deployment, then listen.",
    )
    async def test_what_has_ended_is_named_first(self, containers: Containers) -> None:
        """Who begins to watch late hears of earlier ends."""
        container = await containers.started(containers.programs.ends_with(0))
        await containers.ended(container)
        await _hears(containers, container.name)

    @promised(
        by=Runner.watch,
        that="Give the names of ended containers on one machine",
        do="Name each container of this deployment when it ends, by the name that was ordered.",
    )
    async def test_an_end_is_named(self, containers: Containers) -> None:
        """Who watches already hears of an end."""
        order = containers.order(containers.programs.ends_with(0))
        container = await containers.prepare(order)
        hearing = asyncio.ensure_future(_hears(containers, container.name))
        await asyncio.sleep(0)
        await containers.start(container)
        await hearing


async def _hears(containers: Containers, name: str) -> None:
    access = containers.instance.access
    stream = containers.runner.watch(access) if access else None
    if stream is None:
        pytest.skip("this runner has no watch")
    names: list[str] = []
    # Every async generator can be closed; the contract names the plainer kind.
    async with aclosing(cast("Any", stream)):
        await answer(_until(stream, name, names), within=containers.ends_within)
    expect(name in names, f"the stream ended; it named {names}")


async def _until(stream: AsyncIterator[str], wanted: str, names: list[str]) -> None:
    async for name in stream:
        names.append(name)
        if name == wanted:
            return


__all__ = ["RunnerWatch"]
