"""What is told of launches: the truth of the hosts that answer, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from jobsched.contracts.order import MachineOrder
from jobsched.contracts.services import Services
from jobsched.domain.job import JobId
from jobsched.errors import OperationFailed

from jobsched_static_hosts import StaticHosts
from launch import launched, request, token
from pool import FakePool


def test_a_dead_host_hides_no_other(
    provider: StaticHosts, another: StaticHosts, pool: FakePool
) -> None:
    """Its launch is unknown; of the others the truth is told."""
    known = {token(1): launched(provider, "red", 1), token(2): launched(provider, "green", 2)}
    known[token(3)] = launched(provider, "blue", 3)
    pool.engines["red"].is_silent = True
    pool.engines["blue"].containers.clear()
    seen = asyncio.run(another.describe_all(known))
    phases = {name: (one.phase, one.ready, one.lost) for name, one in seen.items()}
    assert phases == {
        token(1): ("unknown", False, False),
        token(2): ("running", True, False),
        token(3): ("gone", False, False),
    }


def test_a_host_taken_out_of_the_configuration_is_lost(
    provider: StaticHosts, worker: Callable[..., StaticHosts]
) -> None:
    """Its launch is gone and lost, when it is described and when it is given back."""
    instance = launched(provider, "red")
    without = worker(without="red")
    described = asyncio.run(without.describe_all({token(1): instance}))[token(1)]
    given_back = asyncio.run(without.terminate(instance))
    assert [(one.phase, one.lost) for one in (described, given_back)] == [("gone", True)] * 2


def test_a_host_that_was_set_up_anew_is_lost(provider: StaticHosts, pool: FakePool) -> None:
    """Another engine answers at the address: what the first one ran is out of reach."""
    instance = launched(provider, "red")
    pool.engines["red"].containers.clear()
    pool.engines["red"].engine_id = "another"
    described = asyncio.run(provider.describe_all({token(1): instance}))[token(1)]
    assert (described.phase, described.lost) == ("gone", True)


def test_a_launch_in_doubt_is_described(provider: StaticHosts) -> None:
    """A lease of this deployment that the core does not count on yet is shown."""
    instance = launched(provider, "red")
    assert asyncio.run(provider.describe_all({}))[token(1)].instance == instance


def test_other_deployments_are_not_described(provider: StaticHosts) -> None:
    """Their leases are theirs."""
    asyncio.run(provider.provision(request(provider, "red", deployment="other")))
    assert asyncio.run(provider.describe_all({})) == {}


def test_hosts_of_this_deployment_are_owned(provider: StaticHosts, pool: FakePool) -> None:
    """With what the lease says, if every host answers; another deployment's is not."""
    instance = launched(provider, "red", 7)
    asyncio.run(provider.provision(request(provider, "green", deployment="other")))
    [found] = asyncio.run(provider.owned())
    assert (found.instance.id, found.instance.state) == (instance.id, instance.state)
    assert (found.token, found.job, found.attempt) == (token(7), "job7", 1)
    assert found.dies_at is not None
    pool.engines["blue"].is_silent = True
    with pytest.raises(OperationFailed, match="no answer from blue"):
        asyncio.run(provider.owned())


def test_a_launch_is_found_by_its_token(
    provider: StaticHosts, another: StaticHosts, pool: FakePool
) -> None:
    """Whichever host has it, and although another host is silent; later it is gone."""
    instance = launched(provider, "red")
    pool.engines["blue"].is_silent = True
    found = asyncio.run(another.find(token(1)))
    assert found is not None
    assert (found.phase, found.instance) == ("running", instance)
    asyncio.run(provider.terminate(instance))
    found = asyncio.run(another.find(token(1)))
    assert found is not None
    assert found.phase == "gone"


def test_what_a_silent_host_may_have_is_not_called_missing(
    provider: StaticHosts, pool: FakePool
) -> None:
    """Nobody else has it, and one host did not say: that is unknown, never None."""
    assert asyncio.run(provider.find(token(1))) is None
    pool.engines["blue"].is_silent = True
    with pytest.raises(OperationFailed) as failed:
        asyncio.run(provider.find(token(1)))
    assert (failed.value.effect, failed.value.message) == ("unknown", "no answer from blue")


def test_a_silent_host_is_not_called_given_back(provider: StaticHosts, pool: FakePool) -> None:
    """Its termination fails, and is to be repeated."""
    instance = launched(provider, "red")
    pool.engines["red"].is_silent = True
    with pytest.raises(OperationFailed) as failed:
        asyncio.run(provider.terminate(instance))
    assert (failed.value.reason, failed.value.effect) == ("host_unreachable", "unknown")


def test_the_runner_is_told_how_to_reach_the_host(provider: StaticHosts) -> None:
    """Address, port, the pinned certificate, and the id of the engine that was leased."""
    access = launched(provider, "red").access
    assert access is not None
    told = (access.kind, access.address, access.port, access.certificate, access.host_id)
    assert told == (
        "docker_tls",
        "red.example",
        2376,
        "the host's certificate\n",
        "engine-of-red",
    )


def test_the_section_of_the_status_has_always_the_same_keys(provider: StaticHosts) -> None:
    """Nulls before there is a machine."""
    instance = launched(provider, "red")
    assert provider.status(instance) == {
        "instance_id": "red-000000000000",
        "host": "red",
        "address": "red.example",
        "port": 2376,
        "ready": True,
        "state": "running",
    }
    assert provider.status(None) == dict.fromkeys(provider.status(instance))


def test_hosts_that_are_not_free_are_offered_last(
    provider: StaticHosts, services: Services, pool: FakePool
) -> None:
    """As far as this process has heard; all hosts are offered, whatever it has heard."""

    def offered() -> list[str]:
        order = MachineOrder(
            deployment=services.deployment,
            job=JobId("job"),
            attempt=1,
            launch=0,
            token="",
            boot_script="",
        )
        return [offer.state["host"] for offer in asyncio.run(provider.offers(order))]

    first, second, third = offered()
    instance = launched(provider, first)
    assert offered() == [second, third, first]
    asyncio.run(provider.terminate(replace(instance)))
    assert offered() == [first, second, third]
    pool.engines[second].is_silent = True
    asyncio.run(provider.describe_all({}))
    assert offered() == [first, third, second]
