"""What machines tell: that they are ready, that a container has ended, that they are taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import datetime
from typing import Any

from jobsched.domain import facts
from jobsched.domain.job import JobId
from jobsched.engine.callback import receive
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.errors import Gone
from jobsched.testing.fakes import FakeMachine
from jobsched.testing.simulator_scenario.machines import CloudWorld
from jobsched.testing.simulator_scenario.provider import NOTICE, CloudProvider


class Agents:
    """The agents of all machines: nothing polls, each thing is told in the moment it happens."""

    def __init__(self, parts: Parts, world: CloudWorld, provider: CloudProvider) -> None:
        self._parts, self._world, self._provider = parts, world, provider
        self._telling: set[asyncio.Task[None]] = set()
        provider.on_launch = self._launched
        provider.on_notice = self._noticed
        world.on_end = self._ended

    def _launched(self, machine: FakeMachine, order: Mapping[str, Any]) -> None:
        self._at(self._provider.boot_time(machine).total_seconds(), machine, "update", {})
        dies_at = datetime.fromisoformat(order["dies_at"])
        left = (dies_at - self._parts.now).total_seconds()
        asyncio.get_running_loop().call_later(left, self._world.end, machine)
        self._provider.may_be_taken(machine)

    def _ended(self, machine_id: str, container: str) -> None:
        del container
        machine = self._world.by_id(machine_id)
        if machine is not None:
            self._at(0.0, machine, "terminate", {"why": "ended"})

    def _noticed(self, machine: FakeMachine) -> None:
        self._tell(self._interrupt(machine))

    def _at(self, seconds: float, machine: FakeMachine, action: str, payload: Any) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, lambda: self._tell(self._post(machine, action, payload)))

    def _tell(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _post(self, machine: FakeMachine, action: str, payload: dict[str, Any]) -> None:
        if machine.phase != "running":
            return
        order = machine.order
        whose = (order["job"], order["attempt"], order["launch"])
        try:
            await receive(
                self._parts,
                action=action,
                job_id=order["job"],
                instance_id=machine.id,
                payload=payload,
                token=self._parts.secrets.callback_token(*whose),
            )
        except Gone:
            self._world.end(machine)

    async def _interrupt(self, machine: FakeMachine) -> None:
        """Say what the agent of a provider's machine says by an action of that provider."""
        order, now = machine.order, self._parts.now
        fact = facts.Interrupted(
            at=now, attempt=order["attempt"], launch=order["launch"], until=now + NOTICE
        )
        job = await self._parts.store.read(JobId(order["job"]))
        await observe(self._parts, job, fact)


__all__ = ["Agents"]
