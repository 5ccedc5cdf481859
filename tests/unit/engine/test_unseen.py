"""What a provider does not show: a machine that is new, one that ended long ago, one in trouble."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance
from jobsched.domain.state import State, state_of
from jobsched.testing.simulator import Simulation, violations
from jobsched.testing.virtual_time import run


def test_a_fresh_machine_that_is_not_shown_is_waited_for() -> None:
    """It is unknown for as long as it may be new, not gone: it is not replaced (B1)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.provider.settles_within = timedelta(minutes=10)
        shown_from = simulation.clock.monotonic() + 300
        describe_all = simulation.provider.describe_all

        async def late(known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
            is_shown = simulation.clock.monotonic() >= shown_from
            return await describe_all(known) if is_shown else {}

        simulation.provider.describe_all = late  # type: ignore[method-assign]
        async with simulation.worker():
            (ended,) = await simulation.ended(await simulation.schedule())

        assert violations(simulation, [ended]) == []
        assert state_of(ended) is State.FINISHED
        assert len(simulation.world.machines) == 1

    run(story())
