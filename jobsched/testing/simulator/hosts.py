"""Machines that outlive their jobs, in bad weather, within what the provider's contract allows."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import Caps, InstanceStatus, OwnedMachine
from jobsched.domain.job import Access, Instance, Offer
from jobsched.errors import ProviderFailed
from jobsched.testing.fakes import FakeMachine, FakeProvider, FakeWorld, refused
from jobsched.testing.simulator.asked import are_none
from jobsched.testing.simulator.weather import Weather


class StormyHosts(FakeProvider):
    """Shows machines late, loses questions and answers, and refuses."""

    destroys_machine: ClassVar[bool] = False

    def __init__(self, world: FakeWorld, weather: Weather, *, caps: Caps | None = None) -> None:
        super().__init__(world, caps=caps)
        self.settles_within = timedelta(minutes=10)
        self._weather = weather
        self._shown_from: dict[str, float] = {}
        #: a token that was refused is used up
        self._refused: set[str] = set()

    async def host(self) -> str | None:
        """Say that they are on one host, to which the deployment is bound."""
        return "imagined"

    def access_to(self, machine: FakeMachine) -> Access:
        """Reach all of them by the same door, so that one stream tells of all ends."""
        del machine
        return Access(kind="fake")

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Offer a host, none, or give no answer."""
        if await are_none(self._weather, self.world.clock):
            return ()
        return await super().offers(order)

    async def provision(self, request: str) -> InstanceStatus:
        """Give the machine of the token; perhaps nobody hears of it."""
        token = json.loads(request)["token"]
        is_new = token not in self.world.machines
        if token in self._refused or (is_new and self._weather.strikes("no host free")):
            self._refused.add(token)
            raise refused()
        async with self._lossy():
            if is_new:
                self._imagine(token)
            status = await super().provision(request)
        if not self._is_shown(token):
            return InstanceStatus(phase="unknown", instance=status.instance)
        return status

    async def find(self, token: str) -> InstanceStatus | None:
        """Look for the machine, if it is shown by now."""
        async with self._lossy():
            return await super().find(token) if self._is_shown(token) else None

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe all machines that are shown by now."""
        async with self._lossy():
            found = await super().describe_all(known)
            return {token: one for token, one in found.items() if self._is_shown(token)}

    async def owned(self) -> Sequence[OwnedMachine]:
        """List the machines that are on."""
        async with self._lossy():
            return await super().owned()

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """End the machine; one that is not shown is not known."""
        machine = self.world.by_id(instance.id)
        if machine and not self._is_shown(machine.token):
            return InstanceStatus(phase="unknown", instance=instance)
        async with self._lossy():
            return await super().terminate(instance)

    def _imagine(self, token: str) -> None:
        is_late = self._weather.strikes("host shown late")
        now = self.world.clock.monotonic()
        self._shown_from[token] = now + (self._weather.between(60, 400) if is_late else 0)
        self.world.boot = self._weather.between(1, 90)

    def _is_shown(self, token: str) -> bool:
        return self.world.clock.monotonic() >= self._shown_from.get(token, 0)

    @contextlib.asynccontextmanager
    async def _lossy(self) -> AsyncIterator[None]:
        """Lose the question, so that nothing happens, or the answer."""
        await self._lost("host's question lost")
        yield
        await self._lost("host's answer lost")

    async def _lost(self, fault: str) -> None:
        if self._weather.strikes(fault):
            await self.world.clock.sleep(self._weather.between(1, 50))
            raise ProviderFailed("time_out", "imagined", effect="unknown")


__all__ = ["StormyHosts"]
