"""News of a record that the store will not have: an error, and no endless loop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jobsched.domain.facts import CancelRequested, Hinted
from jobsched.engine.observe import observe
from jobsched.errors import StaleWrite
from jobsched.testing.virtual_time import run
from tests.unit.worker.crew import a_world, parts_of, store_of


def test_a_save_that_is_always_refused_is_given_up() -> None:
    """With a lease it is tried once more without one; then nothing can have changed."""

    async def story() -> None:
        simulation = await a_world()
        parts = parts_of(simulation)
        job = await simulation.job(await simulation.schedule())
        holders = []

        async def refused(*args: Any, holder: str, **kwargs: Any) -> None:
            del args, kwargs
            holders.append(holder)
            # an endless loop would let no time-out in
            assert len(holders) < 10
            await asyncio.sleep(0)
            raise StaleWrite

        store_of(parts).save = refused  # type: ignore[method-assign,assignment]
        with pytest.raises(StaleWrite):
            await observe(parts, job, CancelRequested(at=parts.now))
        assert holders == [parts.worker, ""]

    run(story())


def test_what_changes_nothing_is_not_told() -> None:
    """Of news that are saved together, those are told of that the record did not know."""

    async def story() -> None:
        simulation = await a_world()
        parts = parts_of(simulation)
        job = await simulation.job(await simulation.schedule())
        late = Hinted(at=parts.now, attempt=7, launch=1)
        after = await observe(parts, job, late, CancelRequested(at=parts.now))
        assert after.cancel_at
        told = simulation.store_world.changes[-1]
        assert told.facts == ("CancelRequested",)

    run(story())
