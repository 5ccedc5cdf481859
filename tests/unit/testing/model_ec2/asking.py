"""A model EC2 of one's own, chance that does as it is told, and orders."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance, JobId
from jobsched.errors import OperationFailed
from jobsched.testing.fakes import FakeMachine, FakeWorld
from jobsched.testing.model_ec2 import FAULTS, ModelEc2, ModelProvider
from jobsched.testing.model_ec2.request import OFFERS
from jobsched.testing.virtual_time import EPOCH, VirtualClock, run

#: the place of the on-demand offer
ON_DEMAND = 3


class Told:
    """Chance that strikes as often as it is told, and gives the least or the most."""

    def __init__(self, **times: int) -> None:
        #: with underscores for blanks
        self.left = Counter({name.replace("_", " "): number for name, number in times.items()})
        self.most = 0.0
        assert self.left.keys() <= FAULTS.keys()

    def strikes(self, name: str) -> bool:
        """Strike, if there is one left."""
        assert name in FAULTS
        happens = self.left[name] > 0
        self.left[name] -= happens
        return happens

    def between(self, least: float, most: float) -> float:
        """Give the least, or so much of the way to the most."""
        return least + (most - least) * self.most


class Scene:
    """A world, its EC2, and two workers."""

    def __init__(self, **times: int) -> None:
        self.world = FakeWorld(clock=VirtualClock())
        self.told = Told(**times)
        self.ec2 = ModelEc2(self.world, self.told)
        self.provider = ModelProvider(self.ec2)
        self.another = ModelProvider(self.ec2)
        self.launches: list[tuple[FakeMachine, dict[str, Any]]] = []
        self.notices: list[tuple[str, float, float]] = []
        #: by id: when each body went off
        self.ends: dict[str, float] = {}
        self._follows, self.world.on_end = self.world.on_end, self._ended
        self.ec2.on_launch = lambda body, order: self.launches.append((body, order))
        self.ec2.on_notice = lambda body, left: self.notices.append((body.id, left, self.now))

    def _ended(self, body: FakeMachine) -> None:
        self.ends[body.id] = self.now
        if self._follows:
            self._follows(body)

    @property
    def now(self) -> float:
        """Give the seconds since the world began."""
        return self.world.clock.monotonic()

    async def frozen(self, number: int = 1, offer: int = 0, launch: int = 1) -> str:
        """Freeze the request of a job's launch."""
        return await self.provider.freeze(self.order(number, launch), OFFERS[offer])

    def order(self, number: int = 1, launch: int = 1) -> MachineOrder:
        """Give the order of a job's launch."""
        return MachineOrder(
            deployment="simulated",
            job=JobId(f"job{number}"),
            attempt=1,
            launch=launch,
            token=token(number, launch),
            boot_script="",
            dies_at=EPOCH + timedelta(hours=2),
        )

    async def launched(self, number: int = 1, offer: int = 0) -> Instance:
        """Have a machine."""
        status = await self.provider.provision(await self.frozen(number, offer))
        assert status.instance
        return status.instance

    async def body(self, number: int = 1, offer: int = 0) -> FakeMachine:
        """Have a machine; give its body."""
        await self.launched(number, offer)
        return self.world.machines[token(number)]

    async def ended(self, body: FakeMachine) -> float:
        """Give the time at which a body goes off, within the hour."""
        async with asyncio.timeout(3600):
            while body.id not in self.ends:
                await self.world.clock.sleep(1)
        return self.ends[body.id]

    async def seen(self, number: int = 1) -> InstanceStatus | None:
        """Give what the list of all machines says of one."""
        return (await self.provider.describe_all({})).get(token(number))

    async def phase(self, number: int = 1) -> str | None:
        """Give the phase that the list says, or None."""
        seen = await self.seen(number)
        return seen.phase if seen else None


def token(number: int = 1, launch: int = 1) -> str:
    """Give the token of a job's launch."""
    return f"{number:08x}{launch:08x}"


async def failure(call: Coroutine[Any, Any, object]) -> tuple[str, str, str]:
    """Give the reason, the effect and what follows of a call that must fail."""
    try:
        given = await call
    except OperationFailed as error:
        return error.reason, error.effect, error.then
    raise AssertionError(f"it gave {given}")


def virtual(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Let a test run in virtual time, a day of it at most."""

    async def within(*given: Any, **named: Any) -> None:
        async with asyncio.timeout(24 * 3600):
            await test(*given, **named)

    @functools.wraps(test)
    def plain(*given: Any, **named: Any) -> None:
        run(within(*given, **named))

    return plain
