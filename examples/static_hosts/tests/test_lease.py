"""Who has a host: one launch at a time, whoever asks, and nobody who comes too late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from jobsched.errors import OperationFailed

from jobsched_static_hosts import StaticHosts
from launch import launched, machine, request, token
from pool import FakePool


def refusal(provider: StaticHosts, asked: str) -> OperationFailed:
    """Send a request that fails."""
    with pytest.raises(OperationFailed) as failed:
        asyncio.run(provider.provision(asked))
    return failed.value


def test_a_host_has_one_lease(provider: StaticHosts, another: StaticHosts, pool: FakePool) -> None:
    """A second launch is definitely refused, told by whom, and sent to the next host."""
    launched(provider, "red")
    error = refusal(another, request(another, "red", 2, deployment="other"))
    assert (error.reason, error.effect, error.then) == ("no_capacity", "none", "next")
    assert error.message.startswith("red serves a job of the deployment test, until ")
    assert pool.engines["red"].created == 1


def test_a_container_of_somebody_else_keeps_the_host(provider: StaticHosts, pool: FakePool) -> None:
    """A container of the lease's name that is no lease is left alone."""
    pool.engines["red"].create("jobsched-lease", {})
    error = refusal(provider, request(provider, "red"))
    assert error.message == "red has a container jobsched-lease that is no lease"
    assert list(pool.engines["red"].containers) == ["jobsched-lease"]


def test_the_same_request_adopts_its_lease(
    provider: StaticHosts, another: StaticHosts, pool: FakePool
) -> None:
    """Sent again by another worker, it gives the same machine, and nothing is created."""
    asked = request(provider, "red")
    first = asyncio.run(provider.provision(asked))
    assert asyncio.run(another.provision(asked)) == first
    assert (first.phase, first.ready) == ("running", True)
    assert pool.engines["red"].created == 1


def test_a_host_is_free_after_it_was_given_back(
    provider: StaticHosts, another: StaticHosts
) -> None:
    """The next launch has it."""
    asyncio.run(provider.terminate(launched(provider, "red", 1)))
    assert launched(another, "red", 2).state["token"] == token(2)


def test_only_the_own_lease_is_given_back(provider: StaticHosts, pool: FakePool) -> None:
    """A termination that is repeated late leaves the next launch its host."""
    first = launched(provider, "red", 1)
    asyncio.run(provider.terminate(first))
    launched(provider, "red", 2)
    status = asyncio.run(provider.terminate(first))
    assert status.phase == "gone"
    assert pool.engines["red"].containers["jobsched-lease"].labels["jobsched.lease.token"] == token(
        2
    )


def test_a_spent_token_gets_no_host(
    provider: StaticHosts, another: StaticHosts, pool: FakePool
) -> None:
    """A worker that slept through its launch's whole life sends the request too late."""
    asked = request(provider, "red")
    asyncio.run(provider.terminate(machine(asyncio.run(provider.provision(asked)))))
    late = asyncio.run(another.provision(asked))
    assert late.phase == "gone"
    assert pool.engines["red"].containers == {}


def test_a_termination_in_the_middle_of_a_request_wins(
    provider: StaticHosts, another: StaticHosts, pool: FakePool
) -> None:
    """The lease that is created just before the mark is seen is removed again."""
    red, asked = pool.engines["red"], request(provider, "red")
    instance = machine(asyncio.run(another.provision(asked)))
    red.containers.clear()

    def create(name: str, labels: dict[str, str]) -> bool:
        asyncio.run(another.terminate(instance))
        return type(red).create(red, name, labels)

    red.create = create  # type: ignore[method-assign] # what happens in between
    assert asyncio.run(provider.provision(asked)).phase == "gone"
    assert red.containers == {}


def test_a_request_whose_time_is_over_gets_no_host(provider: StaticHosts, pool: FakePool) -> None:
    """After `dies_at` nothing is taken, so that no mark is needed any more."""
    asked = request(provider, "red", dies_in=timedelta(seconds=-1))
    assert asyncio.run(provider.provision(asked)).phase == "gone"
    assert pool.engines["red"].containers == {}


def test_marks_are_removed_when_their_time_is_over(
    provider: StaticHosts, order_of_yesterday: Callable[[], None], pool: FakePool
) -> None:
    """A mark lives an hour longer than its request can, and goes with the next termination."""
    order_of_yesterday()
    asyncio.run(provider.terminate(launched(provider, "red", 2)))
    assert list(pool.engines["red"].volumes) == [f"jobsched-spent-{token(2)}"]


@pytest.fixture
def order_of_yesterday(pool: FakePool) -> Callable[[], None]:
    """Leave the mark of a launch whose time is over."""

    def leave() -> None:
        labels = {"jobsched.lease.token": token(1), "jobsched.lease.dies_at": "2026-01-01T00:00Z"}
        pool.engines["red"].mark(f"jobsched-spent-{token(1)}", labels)

    return leave


@pytest.mark.parametrize("runs_a_job", [False, True], ids=["empty", "with a job"])
def test_a_lease_of_the_dead_is_taken_over(
    provider: StaticHosts, pool: FakePool, *, runs_a_job: bool
) -> None:
    """Long after its `dies_at` a lease is void; a host that still has a job stays taken."""
    red = pool.engines["red"]
    labels = {"jobsched.lease.token": token(9), "jobsched.lease.dies_at": "2026-01-01T00:00Z"}
    red.create("jobsched-lease", labels)
    red.runs_a_job = runs_a_job
    if runs_a_job:
        assert refusal(provider, request(provider, "red")).reason == "no_capacity"
    else:
        assert launched(provider, "red").state["token"] == token(1)


def test_a_lease_that_came_after_its_mark_is_taken_over(
    provider: StaticHosts, pool: FakePool
) -> None:
    """A worker that died before it saw that its token is spent blocks no host."""
    asyncio.run(provider.terminate(launched(provider, "red", 1)))
    red = pool.engines["red"]
    red.create("jobsched-lease", red.volumes[f"jobsched-spent-{token(1)}"])
    assert launched(provider, "red", 2).state["token"] == token(2)


def test_a_host_that_is_silent_before_it_was_asked_is_refused(
    provider: StaticHosts, pool: FakePool
) -> None:
    """Nothing was asked for: the next host is tried at once."""
    pool.engines["red"].is_silent = True
    error = refusal(provider, request(provider, "red"))
    assert (error.reason, error.effect, error.then) == ("host_unreachable", "none", "next")
    assert error.message == "red: it does not answer"


def test_a_lost_answer_is_a_doubt(provider: StaticHosts, pool: FakePool) -> None:
    """The lease may be there: unknown, also while the host is silent; then it is adopted."""
    red, asked = pool.engines["red"], request(provider, "red")
    red.loses_an_answer = True
    assert refusal(provider, asked).effect == "unknown"
    red.is_silent = True
    assert refusal(provider, asked).effect == "unknown"
    red.is_silent = False
    assert asyncio.run(provider.provision(asked)).phase == "running"
    assert red.created == 1


def test_a_host_that_was_removed_is_refused(
    provider: StaticHosts, worker: Callable[..., StaticHosts]
) -> None:
    """A frozen request for a host that is no longer configured goes to the next one."""
    error = refusal(worker(without="red"), request(provider, "red"))
    assert (error.reason, error.effect, error.then) == ("host_removed", "none", "next")
