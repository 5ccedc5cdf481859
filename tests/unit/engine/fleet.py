"""A fleet of imagined machines, records that know of some of them, and passes of the reaper."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from jobsched.contracts.provider import Provider
from jobsched.domain import facts
from jobsched.domain.job import Instance, Job, JobId
from jobsched.engine.parts import Parts
from jobsched.engine.reap import name_of, reap
from jobsched.engine.turn import Turn
from jobsched.testing.fakes import FakeMachine
from jobsched.testing.simulator import Simulation
from tests.unit.domain.example import a_job, known, told
from tests.unit.plugins.lent import KeptLog

MINUTE = timedelta(minutes=1)
#: a job whose record is not there
NOBODY = JobId("nobody")
LEASE = timedelta(seconds=60)


@dataclass(slots=True, kw_only=True)
class Fleet:
    """Machines, records and a log. Time passes only with `passes`."""

    simulation: Simulation
    log: KeptLog = field(default_factory=KeptLog)

    @classmethod
    async def begin(cls) -> Fleet:
        """Make an empty one, in a world that has been there for a day."""
        simulation = await Simulation.begin(through_codec=True)
        await simulation.clock.sleep(24 * 3600)
        return cls(simulation=simulation)

    def parts(self, worker: str = "reaper") -> Parts:
        """Give what a worker has."""
        parts = self.simulation.parts(worker=worker)
        services: Any = parts.services
        return replace(parts, services=replace(services, log=self.log))

    def token(self, job: JobId, attempt: int = 1, launch: int = 1) -> str:
        """Give the token of a launch."""
        return self.parts().secrets.token(job, attempt, launch)

    def machine(
        self,
        job: JobId = NOBODY,
        *,
        attempt: int = 1,
        launch: int = 1,
        age: timedelta | None = 3 * MINUTE,
        dies_in: timedelta = timedelta(hours=2),
        token: str | None = None,
    ) -> FakeMachine:
        """Let a machine be on that was launched that long ago."""
        world = self.simulation.world
        now = world.clock.now()
        token = self.token(job, attempt, launch) if token is None else token
        machine = FakeMachine(
            token=token,
            id=f"m-{len(world.machines) + 1}",
            ready_at=0,
            order={"job": job, "attempt": attempt, "dies_at": (now + dies_in).isoformat()},
            launched_at=None if age is None else now - age,
        )
        world.machines[f"{token}/{machine.id}"] = machine
        return machine

    async def record(self, *found: facts.Fact, number: int = 1) -> Job:
        """Keep the record of a job that has begun its first launch, with more that is known."""
        job = replace(a_job(provider="fake"), id=JobId(f"job{number}"))
        begun = told(facts.Begun, token=self.token(job.id))
        job = known(job, told(facts.Planned), told(facts.Offered), begun, *found)
        now = self.simulation.clock.now()
        await self.simulation.store().accept(job, look_again_at=now + timedelta(days=9))
        return job

    async def passes(
        self, number: int = 1, *, worker: str = "reaper", provider: Provider | None = None
    ) -> int:
        """Make so many passes, a minute apart; give how many machines the last one ended."""
        parts, provider = self.parts(worker), provider or self.simulation.provider
        ended = 0
        for _ in range(number):
            turn = Turn(parts, name_of(provider.name), LEASE)
            assert await turn.take()
            ended = await reap(parts, provider, turn)
            await self.simulation.clock.sleep(60)
            await parts.store.unlock(name_of(provider.name), worker)
        return ended

    def on(self) -> list[str]:
        """Give the machines that are on."""
        return [machine.id for machine in self.simulation.world.alive()]

    def said(self, event: str) -> list[dict[str, Any]]:
        """Give what the log says of an event."""
        return [fields for _, name, fields in self.log.entries if name == event]


def instance(machine: FakeMachine) -> Instance:
    """Give a machine as a record has it."""
    return Instance(id=machine.id)


__all__ = ["LEASE", "MINUTE", "NOBODY", "Fleet", "instance"]
