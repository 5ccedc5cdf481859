"""What a machine of an imagined world does by itself: boot, speak, end in time.

As the user data of real machines does (`user_data/`): it says `update` for its whole life, and
`terminate` when its container has ended; a 410 ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jobsched.engine.callback import receive
from jobsched.errors import Gone, Unauthorised, Unavailable
from jobsched.testing.fakes import FakeMachine

if TYPE_CHECKING:
    from jobsched.testing.simulator.simulation import Simulation

#: seconds between two times that it says `update`, before and after its container is there
WAITING, RUNNING = 30.0, 60.0
#: seconds until it says once more that its container has ended, if nobody listened
AGAIN = 5.0


class Machines:
    """The machines of a simulation."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._world = simulation.world
        self._agents: set[asyncio.Task[None]] = set()

    def boot(self, machine: FakeMachine, order: dict[str, Any]) -> None:
        """Let its agent and its dead-man timer live, where it has them."""
        if self._world.has_dead_man and order["dies_at"]:
            left = datetime.fromisoformat(order["dies_at"]) - self._simulation.clock.now()
            loop = asyncio.get_running_loop()
            loop.call_later(left.total_seconds(), self._world.end, machine)
        if self._world.says_ready:
            agent = asyncio.ensure_future(self._agent(machine, order))
            self._agents.add(agent)
            agent.add_done_callback(self._agents.discard)

    async def _agent(self, machine: FakeMachine, order: dict[str, Any]) -> None:
        """Speak until it is gone."""
        clock = self._simulation.clock
        await _heard(machine, machine.ready_at - clock.monotonic())
        next_update = 0.0
        while machine.phase != "gone":
            is_over = any(one.phase == "exited" for one in machine.containers.values())
            told = is_over and await self._post(machine, order, "terminate", {"why": "ended"})
            if clock.monotonic() >= next_update:
                await self._post(machine, order, "update", {})
                next_update = clock.monotonic() + (RUNNING if machine.containers else WAITING)
            left = next_update - clock.monotonic()
            await _heard(machine, min(left, AGAIN) if is_over and not told else left)

    async def _post(
        self, machine: FakeMachine, order: dict[str, Any], action: str, payload: dict[str, Any]
    ) -> bool:
        """Tell the API; whether it has heard."""
        parts = self._simulation.api
        token = parts.secrets.callback_token(order["job"], order["attempt"], order["launch"])
        has_heard = False
        for _ in range(self._simulation.callbacks()):
            try:
                await receive(
                    parts,
                    action=action,
                    job_id=order["job"],
                    instance_id=machine.id,
                    payload=payload,
                    token=token,
                )
            except Gone:
                self._world.power_off(machine)
            except (Unauthorised, Unavailable):
                continue
            has_heard = True
        return has_heard


async def _heard(machine: FakeMachine, within: float) -> None:
    """Wait for news of the machine, at most so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(within, 0.0)):
            await machine.news.wait()
    machine.news.clear()


__all__ = ["Machines"]
