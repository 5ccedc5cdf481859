"""What machines say, and when: some speak before they are ready, some hosts speak at all."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from jobsched.testing.fakes import FakeWorld
from jobsched.testing.simulator.machines import Fate, Machines
from jobsched.testing.simulator.simulation import Simulation
from jobsched.testing.virtual_time import VirtualClock, run

ORDER = {"job": "job1", "attempt": 1, "launch": 1, "dies_at": None}
#: what an agent says some time after its launch
SPEAKS = Fate(at_risk_after=2.0, says_more_after=3.0)


async def said(fate: Fate, *, says_ready: bool) -> list[tuple[str, float]]:
    """Give what a machine that boots in 10 s says within 20 s, and when."""
    clock = VirtualClock()
    simulation = await Simulation.begin(world=FakeWorld(clock=clock, says_ready=says_ready))
    heard: list[tuple[str, float]] = []

    async def door(work: Any) -> None:
        heard.append((work.keywords["action"], clock.monotonic()))

    simulation.door = cast("Any", door)
    machine = simulation.world.launched("token")
    machine.order, machine.ready_at = ORDER, 10.0
    Machines(simulation).boot(machine, ORDER, fate)
    await asyncio.sleep(20)
    return heard


def test_an_agent_may_speak_before_its_machine_is_ready() -> None:
    """Perhaps nobody knows the machine yet."""
    told = [("rebalance", 2.0), ("progress", 3.0), ("update", 10.0)]
    assert run(said(SPEAKS, says_ready=True)) == told


def test_some_hosts_say_that_they_are_ready() -> None:
    """Besides what their provider says of them; the others say nothing."""
    assert run(said(SPEAKS, says_ready=False)) == [("update", 3.0)]
    assert run(said(Fate(), says_ready=False)) == []
