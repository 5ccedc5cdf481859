"""What the processes of a world work with: a provider with machines, engines, a log store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from jobsched.contracts.provider import Provider
from jobsched.domain.job import JobId
from jobsched.store.logs import MemoryLogs
from jobsched.testing.ec2.machine import Volume
from jobsched.testing.fakes import FakeMachine
from jobsched.testing.model_ec2 import ModelEc2, neighbours
from jobsched.testing.model_ec2.view import is_of
from jobsched.testing.simulator.asked import StormyCloud, StormyPlanner
from jobsched.testing.simulator.engine import StormyRunner
from jobsched.testing.simulator.hosts import StormyHosts
from jobsched.testing.simulator.logs import StormyLogs
from jobsched.testing.simulator.machines import Fate, Machines
from jobsched.testing.simulator.promise import Witnessed
from jobsched.testing.simulator.said import Interrupt, Progress, Rebalance
from jobsched.testing.simulator.simulation import Cast, NoHistory

if TYPE_CHECKING:
    from jobsched.testing.simulator.world import ImaginedWorld

#: how many machines have a plugin's agent that says something
TALKS: Final = 0.15
#: seconds that a boot takes; a slow one may be too slow
BOOT, SLOW = (15.0, 90.0), (300.0, 900.0)
NEVER: Final = 10.0**9
#: seconds after its launch at which a machine says what is not said of every machine: early, when
#: its launch may not have been answered, or later
SAID_AFTER: Final = ((0.5, 5.0), (1.0, 200.0))


class Stage:
    """The parts of one world's processes.

    Args:
        world: the one, whose simulation has begun.
    """

    def __init__(self, world: ImaginedWorld) -> None:
        self._world, self._weather = world, world.weather
        self.runner = StormyRunner(world.books, world.weather)
        self.runner.on_prepared = lambda job: _follow(world.on_prepared, job)
        self.runner.on_started = lambda job: _follow(world.on_started, job)
        self.runner.reports_ends = not world.lives_on  # type: ignore[misc]  # of this one alone
        self._machines = Machines(world.simulation)
        #: None: machines outlive their jobs
        self.ec2: ModelEc2 | None = None
        self._provider = self._hosts() if world.lives_on else self._cloud()

    def cast(self) -> Cast:
        """Give the parts of one more process."""
        world = self._world
        storage = MemoryLogs(world.simulation.store_world.logs)
        return Cast(
            provider=cast("Provider", Witnessed(self._provider(), world.books)),
            runner=self.runner,
            log_store=StormyLogs(storage, world.weather, world.clock),
            planner=StormyPlanner(world.weather),
            history=_Past(world.lead),
            actions=(Interrupt(), Rebalance(), Progress()),
        )

    def _hosts(self) -> Callable[[], Provider]:
        world = self._world
        hosts = StormyHosts(world.books, world.weather, caps=world.caps)
        hosts.on_launch = self._host
        return lambda: hosts

    def _cloud(self) -> Callable[[], Provider]:
        world = self._world
        self.runner.take = self._take
        self.ec2 = ec2 = ModelEc2(world.books, world.weather)
        ec2.on_launch = self._boot
        ec2.on_notice = self._machines.notice
        ec2.on_delete = self._deleted
        neighbours.settle(ec2)
        return lambda: StormyCloud(ec2, world.weather, caps=world.caps)

    def _boot(self, machine: FakeMachine, order: dict[str, Any]) -> None:
        """Let a machine of the cloud come up, as well as it may."""
        weather = self._weather
        boots = weather.between(*BOOT)
        if weather.strikes("machine boots slowly"):
            boots = weather.between(*SLOW)
        if weather.strikes("machine never boots"):
            boots = NEVER
        machine.ready_at = self._world.clock.monotonic() + boots
        if weather.strikes("machine never reached"):
            self.runner.barred.add(machine.id)
        at_risk = weather.strikes("machine at risk")
        fate = Fate(
            has_dead_man=not weather.strikes("dead-man broken"),
            boot_fails=weather.strikes("boot fails"),
            at_risk_after=self._soon() if at_risk else None,
            says_more_after=self._soon() if weather.chance(TALKS) else None,
        )
        self._machines.boot(machine, order, fate)

    def _host(self, machine: FakeMachine, order: dict[str, Any]) -> None:
        """Let a host come up; some say so, besides what its provider says of them."""
        says = self._soon() if self._weather.chance(TALKS) else None
        self._machines.boot(machine, order, Fate(says_more_after=says))

    def _soon(self) -> float:
        return self._weather.between(*self._weather.one_of(SAID_AFTER))

    def _deleted(self, disk: Volume) -> None:
        """Tell of a disk of the neighbours' that somebody of ours deletes."""
        if is_of(disk, neighbours.DEPLOYMENT):
            self._world.promises.is_no_business_of_ours(disk.id)

    def _take(self, machine: FakeMachine, job: JobId) -> None:
        """Let a machine be gone in the moment of a start or a stop."""
        self._world.books.end(machine)
        if user := self._world.users.get(job):
            user.lose(job)


class _Past(NoHistory):
    """What is known of past boots: how long before its start a machine is asked for."""

    def __init__(self, lead: timedelta) -> None:
        self._lead = lead

    def lead(self, provider: str) -> timedelta:
        """Give it; it is the same for every provider."""
        del provider
        return self._lead


def _follow(plans: dict[JobId, Callable[[], None]], job: JobId) -> None:
    if plan := plans.pop(job, None):
        plan()


__all__ = ["Stage"]
