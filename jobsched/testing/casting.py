"""Complete an author's parts with imagined ones that fit."""

from __future__ import annotations

from typing import cast

from jobsched.builtin import OnTime
from jobsched.contracts.callback import CallbackAction
from jobsched.contracts.log_store import LogStore
from jobsched.contracts.planner import Planner
from jobsched.contracts.provider import Provider
from jobsched.contracts.runner import Runner
from jobsched.domain.job import Access
from jobsched.services import FixedHistory
from jobsched.testing.fakes import FakeProvider, FakeRunner, FakeWorld
from jobsched.testing.fitting import Booked, provider_for, runner_for
from jobsched.testing.simulator import Cast


def cast_of(
    world: FakeWorld,
    *,
    provider: Provider | None,
    runner: Runner | None,
    planner: Planner | None,
    log_store: LogStore | None,
    actions: tuple[CallbackAction, ...],
    access: Access | None,
) -> Cast:
    """Put the parts of a deployment together; what is missing is imagined, and fits."""
    machines = provider or _provider(world, runner, access)
    containers = runner or _runner(world, machines)
    history = FixedHistory()
    history.know([machines])
    if not isinstance(machines, FakeProvider):
        machines = cast("Provider", Booked(machines, world))
    return Cast(
        provider=machines,
        runner=containers,
        planner=planner or OnTime(),
        log_store=log_store,
        actions=actions,
        history=history,
    )


def _provider(world: FakeWorld, runner: Runner | None, access: Access | None) -> FakeProvider:
    if access is None and (runner is None or isinstance(runner, FakeRunner)):
        return FakeProvider(world)
    return provider_for(runner or FakeRunner(world), world, access)


def _runner(world: FakeWorld, provider: Provider) -> FakeRunner:
    return FakeRunner(world) if type(provider) is FakeProvider else runner_for(provider, world)


__all__ = ["cast_of"]
