"""What an operator must look at is kept, and told once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jobsched.engine.alarm import alarm, all_clear
from jobsched.testing.simulator import Simulation
from jobsched.testing.virtual_time import run
from tests.unit.plugins.lent import KeptLog


def test_an_alarm_is_told_once_and_stays() -> None:
    """The log has it once at its begin and once at its end, however often it is said."""

    async def story() -> list[tuple[str, str, dict[str, Any]]]:
        simulation = await Simulation.begin()
        parts, kept = simulation.parts(worker="w"), KeptLog()
        services: Any = parts.services
        heard = replace(parts, services=replace(services, log=kept))
        await all_clear(heard, "reap:fake")
        await alarm(heard, "reap:fake", "one machine")
        await simulation.clock.sleep(60)
        await alarm(heard, "reap:fake", "two machines")
        [raised] = (await parts.store.alarms()).values()
        assert raised.sentence == "two machines"
        assert (simulation.clock.now() - raised.at).total_seconds() == 60
        await all_clear(heard, "reap:fake")
        await all_clear(heard, "reap:fake")
        assert await parts.store.alarms() == {}
        return kept.entries

    assert run(story()) == [
        ("error", "alarm.raised", {"alarm": "reap:fake", "why": "one machine"}),
        ("info", "alarm.cleared", {"alarm": "reap:fake"}),
    ]
