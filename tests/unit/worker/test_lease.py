"""No effect is begun after the lease: what a worker does that could not renew it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jobsched.domain.state import State, state_of
from jobsched.errors import StoreUnavailable
from jobsched.testing.simulator import violations
from jobsched.testing.virtual_time import run
from jobsched.worker.dispatch import Pace
from tests.unit.worker.crew import Heard, Watched, a_world, at_work, parts_of, store_of

#: hands for one job: who holds it claims nothing beside it
ONE = Pace(hands=1)


async def _refused(*args: Any, **kwargs: Any) -> None:
    del args, kwargs
    raise StoreUnavailable


@pytest.mark.parametrize("late", [False, True], ids=["in time", "after its lease"])
def test_no_effect_is_begun_after_the_lease(*, late: bool) -> None:
    """A step outlasts the lease, which could not be renewed: no further one is begun (Q4, D3)."""

    async def story() -> None:
        heard = Heard()
        simulation = await a_world(log=heard)
        prepare = Watched(simulation.runner, "prepare", lasts=35 if late else 25)
        inspect = Watched(simulation.runner, "inspect")
        mine = parts_of(simulation)
        store = store_of(mine)
        claim, store.renew = store.claim, _refused  # type: ignore[method-assign,assignment]
        job = await simulation.schedule()
        async with at_work(mine, ONE):
            while not prepare.began:
                await simulation.clock.sleep(0.5)
            # a new lease would allow it
            store.claim = _refused  # type: ignore[method-assign,assignment]
            while prepare.at_once:
                await simulation.clock.sleep(0.5)
            await simulation.clock.sleep(1)
            assert len(prepare.began) == 1
            assert bool(inspect.began) is not late
            assert len(heard.told("lease.over")) == late
            store.claim = claim  # type: ignore[method-assign]
            (ended,) = await simulation.ended(job)
        assert state_of(ended) is State.FINISHED
        assert violations(simulation, [ended]) == []

    run(story())


def test_the_lease_is_reckoned_from_before_the_store_was_asked() -> None:
    """An answer to a claim that comes late leaves so much less of the lease."""

    async def story() -> None:
        simulation = await a_world()
        inspect = Watched(simulation.runner, "inspect")
        prepare = Watched(simulation.runner, "prepare", lasts=20)
        mine = parts_of(simulation)
        store = store_of(mine)
        claim = store.claim

        async def slow(*args: Any, **kwargs: Any) -> Any:
            answer = await claim(*args, **kwargs)
            await simulation.clock.sleep(15)
            return answer

        store.claim = slow  # type: ignore[method-assign]
        store.renew = _refused  # type: ignore[method-assign,assignment]
        await simulation.schedule()
        async with at_work(mine, ONE):
            await simulation.clock.sleep(36)
            assert (len(prepare.began), len(inspect.began)) == (1, 0)

    run(story())


def test_a_renewed_lease_allows_more() -> None:
    """What takes long is gone on with as long as the lease is renewed."""

    async def story() -> None:
        simulation = await a_world()
        Watched(simulation.runner, "prepare", lasts=95)
        job = await simulation.schedule()
        async with at_work(parts_of(simulation), ONE):
            (ended,) = await simulation.ended(job, within=120)
        assert state_of(ended) is State.FINISHED
        assert ended.attempt is not None
        assert ended.attempt.launches[0].tries[0].started_at is not None
        assert timedelta(seconds=95) <= ended.attempt.outcome.at - ended.accepted_at  # type: ignore[union-attr]

    run(story())
