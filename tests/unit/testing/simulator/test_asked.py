"""Planner and offers in bad weather: each fault is what it is called; else they are as usual."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest

from jobsched.contracts.provider import Caps, Provider
from jobsched.errors import OperationFailed, ProviderFailed
from jobsched.testing.fakes import FakeWorld
from jobsched.testing.model_ec2 import ModelEc2
from jobsched.testing.simulated import NoHistory
from jobsched.testing.simulator.asked import StormyCloud, StormyPlanner
from jobsched.testing.simulator.faults import GROUPS
from jobsched.testing.simulator.hosts import StormyHosts
from jobsched.testing.simulator.weather import Weather
from jobsched.testing.virtual_time import EPOCH, VirtualClock, run
from tests.unit.domain.example import a_job

#: so often that it always comes
SURELY = 1e6


def weather(*faults: str) -> Weather:
    """Let these faults come each time, and no others."""
    return Weather(1, VirtualClock().monotonic, often=dict.fromkeys(faults, SURELY))


def providers(*faults: str) -> list[Provider]:
    """Make one of each kind."""
    sky, world = weather(*faults), FakeWorld(clock=VirtualClock())
    return [StormyCloud(ModelEc2(world), sky, caps=Caps()), StormyHosts(world, sky)]


async def offered(provider: Provider) -> int:
    """Count what it offers."""
    return len(await provider.offers(cast("Any", None)))


def test_offers_are_usually_given() -> None:
    """At once."""

    async def story() -> None:
        assert [await offered(one) for one in providers()] == [4, 1]

    run(story())


def test_there_are_none() -> None:
    """An empty answer."""

    async def story() -> None:
        assert [await offered(one) for one in providers("no offers")] == [0, 0]

    run(story())


def test_they_are_throttled() -> None:
    """Ask again later; nothing was done."""

    async def story() -> None:
        for one in providers("offers throttled"):
            with pytest.raises(ProviderFailed) as caught:
                await offered(one)
            assert (caught.value.effect, caught.value.then) == ("none", "later")

    run(story())


def test_nobody_answers_in_time() -> None:
    """Longer than anybody waits."""

    async def story() -> None:
        clock = VirtualClock()
        for one in providers("offers not given"):
            begun = clock.monotonic()
            await offered(one)
            assert clock.monotonic() - begun > 60.0

    run(story())


def test_the_planner_fails() -> None:
    """Or plans on time."""

    async def story() -> None:
        job = a_job()
        with pytest.raises(OperationFailed):
            StormyPlanner(weather("planner fails")).plan(job, NoHistory(), EPOCH)
        plan = StormyPlanner(weather()).plan(job, NoHistory(), EPOCH)
        assert plan.start_at - plan.provision_at == timedelta(0)

    run(story())


def test_of_the_ways_in_which_offers_fail_one_comes_at_a_time() -> None:
    """They are a group."""
    assert set(GROUPS["offers"]) == {"offers throttled", "offers not given", "no offers"}
