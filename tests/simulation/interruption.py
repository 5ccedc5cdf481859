"""An imagined cloud that gives notice of taking a machine back, and takes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from jobsched.contracts.order import ContainerOrder
from jobsched.domain import facts
from jobsched.domain.job import Job, JobId, Launch
from jobsched.domain.state import State, state_of
from jobsched.engine.observe import observe
from jobsched.testing.fakes import FakeProgram
from jobsched.testing.simulator import Simulation

#: so that the second attempt is begun, whatever is known of how the first one ended
RETRIED = {"retry": {"max_attempts": 3, "on": ("before_start", "interruption")}}
POLITE = 143


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """What happens to the machine of the first attempt once its container runs."""

    #: seconds of notice; None: the time is not told
    notice: float | None = 40.0
    #: a risk is told so many seconds before
    risk: float | None = None
    #: False: nothing follows the risk
    takes: bool = True

    async def __call__(self, simulation: Simulation, job: JobId) -> None:
        """Take it back."""
        launch = await _running(simulation, job)
        if launch is None:
            return
        if self.risk is not None:
            await _tell(simulation, job, launch, facts.AtRisk)
            await simulation.clock.sleep(self.risk)
        if not self.takes:
            return
        await _tell(simulation, job, launch, facts.Interrupted, self.notice)
        await simulation.clock.sleep(self.notice or 40.0)
        machine = simulation.world.machines[launch.token]
        if machine.phase != "gone":
            simulation.world.end(machine)


def long_at_first(simulation: Simulation, *, asked: int | None = POLITE) -> None:
    """Let the first attempt run for an hour, and a later one for a moment."""

    def imagine(order: ContainerOrder) -> FakeProgram:
        runs = 3600.0 if order.attempt == 1 else 2.0
        return FakeProgram(runs=runs, output=b"hello\n", asked=asked)

    simulation.world.imagine = imagine


def unwarned(job: Job) -> list[str]:
    """Give the launches that were stopped for an interruption of which their container heard not.

    A try to tell it that failed, or went wrong with its worker, was one.
    """
    attempts = (*job.past, *([job.attempt] if job.attempt else []))
    launches = [one for attempt in attempts for one in attempt.launches]
    return [one.token for one in launches if one.stopping == "interruption" and not one.notice]


async def _running(simulation: Simulation, job: JobId) -> Launch | None:
    while True:
        found = await simulation.job(job)
        state = state_of(found)
        if state.is_terminal or found.attempt is None or found.attempt.no > 1:
            if state is not State.SCHEDULED:
                return None
        elif state is State.RUNNING:
            return found.attempt.launches[-1]
        await simulation.clock.sleep(0.5)


async def _tell(
    simulation: Simulation,
    job: JobId,
    launch: Launch,
    kind: type[facts.Interrupted | facts.AtRisk],
    notice: float | None = None,
) -> None:
    parts = simulation.parts()
    fact = kind(at=parts.now, attempt=1, launch=launch.no)
    if isinstance(fact, facts.Interrupted) and notice is not None:
        until = parts.now + timedelta(seconds=notice)
        fact = facts.Interrupted(at=fact.at, attempt=1, launch=launch.no, until=until)
    await observe(parts, await simulation.job(job), fact)
