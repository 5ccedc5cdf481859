"""A provider in bad weather, within what its contract allows."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance
from jobsched.errors import ProviderFailed
from jobsched.testing.fakes import FakeMachine, FakeProvider, FakeWorld, refused
from jobsched.testing.simulator.weather import Weather


class StormyProvider(FakeProvider):
    """Shows machines late, loses questions and answers, refuses, and takes machines away."""

    def __init__(self, world: FakeWorld, weather: Weather) -> None:
        super().__init__(world)
        self.settles_within = timedelta(minutes=10)
        self._weather = weather
        self._shown_from: dict[str, float] = {}
        #: a token that was refused is used up
        self._refused: set[str] = set()

    async def provision(self, request: str) -> InstanceStatus:
        """Give the machine of the token; perhaps nobody hears of it."""
        token = json.loads(request)["token"]
        if self._weather.strikes("throttled"):
            raise ProviderFailed("throttled", "imagined", then="later")
        is_new = token not in self.world.machines
        if token in self._refused or (is_new and self._weather.strikes("no capacity")):
            self._refused.add(token)
            raise refused()
        async with self._lossy("launch"):
            if is_new:
                self._imagine(token)
            status = await super().provision(request)
            if is_new and self._weather.strikes("spot"):
                self._end_later(self.world.machines[token], 300)
        if not self._is_shown(token):
            return InstanceStatus(phase="unknown", instance=status.instance)
        return status

    async def find(self, token: str) -> InstanceStatus | None:
        """Look for the machine, if it is shown by now."""
        async with self._lossy("find"):
            return await super().find(token) if self._is_shown(token) else None

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe all machines that are shown by now."""
        async with self._lossy("describe"):
            found = await super().describe_all(known)
            return {token: one for token, one in found.items() if self._is_shown(token)}

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """End the machine, at once or after a while; one that is not shown is not known."""
        machine = self.world.by_id(instance.id)
        if machine and not self._is_shown(machine.token):
            return InstanceStatus(phase="unknown", instance=instance)
        async with self._lossy("terminate"):
            if machine and self._weather.strikes("ends slowly"):
                self._end_later(machine, 90)
                return InstanceStatus(phase="going", instance=instance)
            return await super().terminate(instance)

    def _imagine(self, token: str) -> None:
        is_late = self._weather.strikes("shown late")
        now = self.world.clock.monotonic()
        self._shown_from[token] = now + (self._weather.between(60, 400) if is_late else 0)
        never = self._weather.strikes("never boots")
        self.world.boot = 10**9 if never else self._weather.between(1, 90)

    def _is_shown(self, token: str) -> bool:
        return self.world.clock.monotonic() >= self._shown_from.get(token, 0)

    def _end_later(self, machine: FakeMachine, within: float) -> None:
        later = self._weather.between(2, within)
        asyncio.get_running_loop().call_later(later, self.world.end, machine)

    @contextlib.asynccontextmanager
    async def _lossy(self, what: str) -> AsyncIterator[None]:
        """Lose the question, so that nothing happens, or the answer."""
        await self._lost(f"{what}'s question lost")
        yield
        await self._lost(f"{what}'s answer lost")

    async def _lost(self, fault: str) -> None:
        if self._weather.strikes(fault):
            await self.world.clock.sleep(self._weather.between(1, 50))
            raise ProviderFailed("time_out", "imagined", effect="unknown")


__all__ = ["StormyProvider"]
