"""The runner of a scenario: containers that take their time, on machines that tell of their end."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from jobsched.contracts.order import ContainerOrder
from jobsched.domain.job import Access, Container, Instance
from jobsched.testing.fakes import FakeProgram, FakeRunner
from jobsched.testing.simulator.scenario.chance import Chance
from jobsched.testing.simulator.scenario.cloud import CloudWorld
from jobsched.testing.simulator.scenario.wish import Wish


class CloudRunner(FakeRunner):
    """Containers as a scenario describes them; the command of one is the number of its wish."""

    reports_ends: ClassVar[bool] = True

    def __init__(self, world: CloudWorld, wishes: tuple[Wish, ...], chance: Chance) -> None:
        super().__init__(world)
        self._wishes, self._chance = wishes, chance
        world.imagine = self._program

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Pull and create, which takes its time."""
        group = self._wish(order).group
        share = self._chance.of("prepare", order.job, order.attempt, order.launch)
        await asyncio.sleep(group.prepare.at(share).total_seconds())
        return await super().prepare(instance, order)

    def watch(self, access: Access) -> None:
        """Leave it to the machines: they tell of their containers' end."""
        del access

    def _program(self, order: ContainerOrder) -> FakeProgram:
        wish = self._wish(order)
        fails = self._chance.of("fails", order.job, order.attempt) < wish.group.fails
        return FakeProgram(runs=wish.runs.total_seconds(), code=int(fails))

    def _wish(self, order: ContainerOrder) -> Wish:
        return self._wishes[int(order.command[0])]


__all__ = ["CloudRunner"]
