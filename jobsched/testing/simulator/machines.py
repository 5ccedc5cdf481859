"""What a machine of an imagined world does by itself: boot, speak, end in time.

As the user data of real machines does (`user_data/`): it says `update` for its whole life, and
`terminate` when its container has ended; a 410 ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from jobsched.engine.callback import receive
from jobsched.errors import Gone, JobschedError
from jobsched.testing.fakes import AT_RISK, BOOT_FAILED, READY, TAKEN_BACK, FakeMachine

if TYPE_CHECKING:
    from jobsched.testing.simulator.simulation import Simulation

#: seconds between two times that it says `update`, before and after its container is there
WAITING, RUNNING = 30.0, 60.0
#: seconds until it says once more that its container has ended, if nobody listened
AGAIN = 5.0
#: a timer may be early by the last digit of a float
CLOSE = 1e-3
#: seconds for which one whose boot failed says so, before it powers off
SAYS_FOR = 120.0
#: an action, or its reason → what is said with it
WORDS: Final = {
    "update": READY,
    "boot_failed": BOOT_FAILED,
    "rebalance": AT_RISK,
    "interrupt": TAKEN_BACK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of one machine."""

    #: its own timer works
    has_dead_man: bool = True
    #: a step of its boot fails, which it says
    boot_fails: bool = False
    #: seconds after its launch at which it is told that it may be taken back soon
    at_risk_after: float | None = None
    #: seconds after its launch at which a plugin's agent on it says something of its own; where
    #: machines say nothing by themselves, it says then that it is ready
    says_more_after: float | None = None


class Machines:
    """The machines of a simulation."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._world = simulation.world
        self._agents: set[asyncio.Task[None]] = set()

    def boot(self, machine: FakeMachine, order: dict[str, Any], fate: Fate | None = None) -> None:
        """Let its agent and its dead-man timer live, where it has them."""
        fate = fate or Fate()
        if self._world.has_dead_man and fate.has_dead_man and order["dies_at"]:
            left = datetime.fromisoformat(order["dies_at"]) - self._simulation.clock.now()
            loop = asyncio.get_running_loop()
            loop.call_later(left.total_seconds(), self._world.end, machine)
        if self._world.says_ready:
            self._do(self._agent(machine, order, fate))
        elif fate.says_more_after is not None:
            self._do(self._say_later(machine, fate.says_more_after, "update", {}))

    def notice(self, machine: FakeMachine, seconds: float) -> None:
        """Let it say that it is taken back in so many seconds, until it is heard or gone."""
        until = self._simulation.clock.now() + timedelta(seconds=seconds)
        self._do(self._say(machine, "interrupt", {"until": until.isoformat()}))

    def _do(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._agents.add(task)
        task.add_done_callback(self._agents.discard)

    async def _agent(self, machine: FakeMachine, order: dict[str, Any], fate: Fate) -> None:
        """Speak until it is gone."""
        clock = self._simulation.clock
        if fate.at_risk_after is not None:
            self._do(self._tell_risk(machine, fate.at_risk_after))
        if fate.says_more_after is not None:
            self._do(self._say_later(machine, fate.says_more_after, "progress", {"percent": 7}))
        await _heard(machine, machine.ready_at - clock.monotonic())
        if fate.boot_fails:
            await self._fail(machine, order)
        next_update = 0.0
        while machine.phase != "gone":
            is_over = any(one.phase == "exited" for one in machine.containers.values())
            told = is_over and await self._post(machine, order, "terminate", {"why": "ended"})
            if clock.monotonic() >= next_update - CLOSE:
                await self._post(machine, order, "update", {})
                next_update = clock.monotonic() + (RUNNING if machine.containers else WAITING)
            left = next_update - clock.monotonic()
            await _heard(machine, min(left, AGAIN) if is_over and not told else left)

    async def _fail(self, machine: FakeMachine, order: dict[str, Any]) -> None:
        """Say that a step of the boot failed, and power off."""
        payload = {"why": "boot_failed", "step": "engine"}
        until = self._simulation.clock.monotonic() + SAYS_FOR
        while machine.phase != "gone" and self._simulation.clock.monotonic() < until:
            if await self._post(machine, order, "terminate", payload):
                break
            await _heard(machine, AGAIN)
        self._world.end(machine)

    async def _tell_risk(self, machine: FakeMachine, after: float) -> None:
        await self._simulation.clock.sleep(after)
        noticed_at = self._simulation.clock.now().isoformat()
        await self._say(machine, "rebalance", {"noticed_at": noticed_at})

    async def _say_later(
        self, machine: FakeMachine, after: float, action: str, payload: dict[str, Any]
    ) -> None:
        await self._simulation.clock.sleep(after)
        await self._say(machine, action, payload)

    async def _say(self, machine: FakeMachine, action: str, payload: dict[str, Any]) -> None:
        """Say something until somebody has heard it."""
        while machine.phase != "gone":
            if await self._post(machine, machine.order, action, payload):
                return
            await self._simulation.clock.sleep(AGAIN)

    async def _post(
        self, machine: FakeMachine, order: dict[str, Any], action: str, payload: dict[str, Any]
    ) -> bool:
        """Tell the API; whether it has heard."""
        if word := WORDS.get(payload.get("why", action)):
            self._world.words.add((machine.token, word))
        send = functools.partial(self._sent, machine, order, action, payload)
        if late := self._simulation.lateness():
            # it comes to the API when the machine has given up waiting for an answer
            self._do(self._later(late, send))
            return False
        has_heard = False
        for _ in range(self._simulation.callbacks()):
            has_heard = await send() or has_heard
        return has_heard

    async def _later(self, seconds: float, send: Any) -> None:
        await self._simulation.clock.sleep(seconds)
        await send()

    async def _sent(
        self, machine: FakeMachine, order: dict[str, Any], action: str, payload: dict[str, Any]
    ) -> bool:
        secrets = self._simulation.secrets
        token = secrets.callback_token(order["job"], order["attempt"], order["launch"])
        try:
            await self._simulation.ask(
                functools.partial(
                    receive,
                    action=action,
                    job_id=order["job"],
                    instance_id=machine.id,
                    payload=payload,
                    token=token,
                )
            )
        except Gone:
            self._world.power_off(machine)
        except JobschedError:
            # 503: later; 401: of a launch of which a store that was put back knows nothing
            return False
        return True


async def _heard(machine: FakeMachine, within: float) -> None:
    """Wait for news of the machine, at most so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(within, 0.0)):
            await machine.news.wait()
    machine.news.clear()


__all__ = ["Fate", "Machines"]
