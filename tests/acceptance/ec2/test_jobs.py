"""Whole jobs on EC2: API, workers and Redis as processes, and every fault of the cloud they meet.

The cloud is the fake EC2, and containers are the fake runner's. After each test nothing runs in
the cloud (`cloud` sees to it), and no container was started twice.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from jobsched.testing.ec2 import FakeEc2
from tests.acceptance.ec2.cloud import Cloud, cloud
from tests.services import RedisServer

pytestmark = [pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(180)]

#: what the configuration names
IMAGE = "ami-0123456789abcdef0"


@pytest.fixture
def ec2(running_ec2: FakeEc2) -> FakeEc2:
    """The fake EC2 with nothing in it, whose machines take a moment to come and to go."""
    running_ec2.reset()
    running_ec2.switch(pending_seconds=0.3, shutting_down_seconds=0.3)
    return running_ec2


def launches(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the launches of a job's only attempt."""
    (attempt,) = document["attempts"]
    return list(attempt["launches"])


def finished(found: Cloud, *jobs: str) -> list[dict[str, Any]]:
    """Wait until jobs have ended well, each started once; give their documents."""
    documents = found.made.ended(*jobs)
    assert [one["status"] for one in documents] == ["finished"] * len(jobs), documents
    starts = found.starts()
    assert [starts[job] for job in jobs] == [1] * len(jobs)
    return documents


def test_a_job_runs_on_a_spot_machine(redis_server: RedisServer, ec2: FakeEc2) -> None:
    """From the request to a machine that is gone, with what it cost, in at most four calls."""
    with cloud(redis_server, ec2) as found:
        job = found.schedule(seconds=4)
        found.made.until(lambda: found.client.status(job)["status"] == "running", job)
        # told at the launch: pending; what it is by now is seen by the next sweep
        found.made.until(lambda: found.client.status(job)["aws"]["state"] == "running", job)
        aws = found.client.status(job)["aws"]
        (machine,) = ec2.machines()
        assert (aws["instance_id"], aws["ip_address"]) == (machine.id, machine.ip_address)
        assert aws["ready"] is True
        (document,) = finished(found, job)
        assert document["aws"]["state"] == "terminated"
        cost = document["cost"]
        assert document["docker"]["container_exit_code"] == 0
        assert b"".join(found.client.logs(job)) == b"from paper\n"
        assert cost["is_final"]
        assert float(cost["usd"]) > 0
        (machine,) = ec2.machines()
        assert (machine.market, machine.state) == ("spot", "terminated")
        assert ec2.calls["CreateFleet"] == 1
        assert 1 <= ec2.calls["TerminateInstances"] <= 2


def test_dry_pools_lead_to_on_demand(redis_server: RedisServer, ec2: FakeEc2) -> None:
    """L9: no spot pool has a machine: the next offer serves, and the status says why."""
    ec2.switch(dry=["spot/*/*"])
    with cloud(redis_server, ec2) as found:
        (document,) = finished(found, found.schedule())
        (refused,) = document["offers"]
        assert refused["reason"] == "no_capacity"
        assert [one.market for one in ec2.machines()] == ["on-demand"]
        assert len(document["attempts"]) == 1


def test_a_minute_of_throttling_is_lived_through(redis_server: RedisServer, ec2: FakeEc2) -> None:
    """L10: each call to launch is refused for a minute; then the same request gives one machine."""
    ec2.switch(throttle={"CreateFleet": -1})
    with cloud(redis_server, ec2) as found:
        job = found.schedule()
        until = time.monotonic() + 60
        found.made.until(lambda: found.client.status(job)["trouble"] is not None)
        while time.monotonic() < until:
            trouble = found.client.status(job)["trouble"]
            assert trouble["reason"] == "throttled"
            time.sleep(1)
        ec2.switch(throttle={})
        (document,) = finished(found, job)
        assert len(launches(document)) == 1, "the same launch, sent again"
        assert len(ec2.machines()) == 1
        assert len({one["ClientToken"] for one in ec2.requests("CreateFleet")}) == 1


def test_another_worker_adopts_what_a_killed_one_launched(
    redis_server: RedisServer, ec2: FakeEc2
) -> None:
    """L2, L3: the answer is lost and the worker killed: one machine, found by its token."""
    ec2.switch(lose_after={"CreateFleet": -1})
    with cloud(redis_server, ec2) as found:
        job = found.schedule(seconds=1)
        found.made.until(lambda: bool(ec2.machines()))
        found.made.processes[-1].kill()
        ec2.switch(lose_after={})
        found.made.start_worker()
        (document,) = finished(found, job)
        assert len(ec2.machines()) == 1
        assert len(launches(document)) == 1
        requests = ec2.requests("CreateFleet")
        assert all(one == requests[0] for one in requests), "byte for byte the same"


def test_a_dead_token_is_followed_by_another_launch(
    redis_server: RedisServer, ec2: FakeEc2
) -> None:
    """L7: the machine behind the token died unseen: the next launch has a token of its own."""
    ec2.switch(lose_after={"CreateFleet": 1}, dead_token="error", pending_seconds=60)
    with cloud(redis_server, ec2, JOBSCHED_LIMITS_BACKOFF="2s") as found:
        job = found.schedule()
        found.made.until(lambda: bool(ec2.machines()))
        ec2.end(ec2.machines()[0].id)
        ec2.switch(pending_seconds=0.3)
        (document,) = finished(found, job)
        first, second = ec2.machines()
        assert first.token != second.token
        assert len(document["attempts"]) == 1, "it uses up no attempt"


def test_a_quota_is_waited_for(redis_server: RedisServer, ec2: FakeEc2) -> None:
    """L9: the account may have one machine: the others wait until it is given back, and run."""
    # EC2 counts no machine that is shutting down
    ec2.switch(quota={"spot": 1, "on-demand": 0}, shutting_down_seconds=0)
    with cloud(redis_server, ec2) as found:
        documents = finished(found, *(found.schedule(seconds=0.5) for _ in range(3)))
        reasons = {one["reason"] for document in documents for one in document["offers"]}
        assert reasons == {"quota"}
        assert found.most == 1
        assert all(len(one["attempts"]) == 1 for one in documents)


def test_a_machine_that_is_lost_while_it_boots_is_replaced(
    redis_server: RedisServer, ec2: FakeEc2
) -> None:
    """L13: launched, and ended at once by EC2: the next machine is the same attempt's."""
    ec2.switch(stillborn={"spot/m7i.large/*": "Server.InsufficientInstanceCapacity"})
    with cloud(redis_server, ec2, JOBSCHED_EC2_SPOT_INSTANCE_TYPES="m7i.large") as found:
        job = found.schedule()
        found.made.until(lambda: bool(ec2.machines()))
        ec2.switch(stillborn={})
        (document,) = finished(found, job)
        assert len(document["attempts"]) == 1


def test_a_wrong_image_stops_the_launches_after_one_job(
    redis_server: RedisServer, ec2: FakeEc2
) -> None:
    """L11: of a hundred and one jobs one pays for the mistake; the others run once it is mended."""
    ec2.switch(bad_images=[IMAGE])
    with cloud(
        redis_server,
        ec2,
        workers=2,
        JOBSCHED_EC2_SPOT_IMAGE=IMAGE,
        JOBSCHED_EC2_SPOT_ALIVE="200",
        JOBSCHED_EC2_SPOT_HOURLY="300",
    ) as found:
        jobs = [found.schedule() for _ in range(101)]
        found.made.until(lambda: found.statuses(*jobs)["failed"] > 0)
        (victim,) = (one for one in jobs if found.client.status(one)["status"] == "failed")
        others = [one for one in jobs if one != victim]
        found.made.until(lambda: all(found.client.status(one)["halted"] for one in others))
        calls = ec2.calls["CreateFleet"]
        time.sleep(3)
        assert ec2.calls["CreateFleet"] == calls, "nothing more is asked"
        assert found.statuses(*others).keys() <= {"scheduled", "provisioning"}
        document = found.client.status(victim)
        assert document["reason"] == "configuration"
        assert "InvalidAMIID.NotFound (" in document["message"], "the fleet was made, its pools not"
        assert ec2.machines() == []
        ec2.switch(bad_images=[])
        found.made.command("resume", "ec2_spot")
        documents = finished(found, *others)
        assert {len(one["attempts"]) for one in documents} == {1}, "it used up no attempt"


def let_all_boot(found: Cloud, ec2: FakeEc2, *, once: int) -> None:
    """Let machines run as soon as so many are there: the cap is reached, however slow this is."""
    found.made.until(lambda: len(ec2.alive()) == once)
    ec2.switch(pending_seconds=0)
    for machine in ec2.alive():
        ec2.boot(machine)


def test_eight_workers_keep_the_caps(redis_server: RedisServer, ec2: FakeEc2) -> None:
    """L16: as many machines as may be there at one time and in an hour, and never one more."""
    ec2.switch(pending_seconds=-1)
    with cloud(
        redis_server,
        ec2,
        workers=8,
        JOBSCHED_EC2_SPOT_ALIVE="5",
        JOBSCHED_EC2_SPOT_HOURLY="30",
    ) as found:
        jobs = [found.schedule(seconds=0.2) for _ in range(40)]
        let_all_boot(found, ec2, once=5)
        found.made.until(lambda: len(found.starts()) == 30)
        time.sleep(3)
        assert ec2.calls["CreateFleet"] == 30
        assert found.most == 5
        for job in jobs:
            if found.client.status(job)["status"] == "scheduled":
                found.client.cancel(job)
        assert {one["status"] for one in found.made.ended(*jobs)} == {"finished", "cancelled"}
        assert set(found.starts().values()) == {1}


def test_five_hundred_jobs_at_once(redis_server: RedisServer, ec2: FakeEc2) -> None:
    """Fifty machines alive serve them all, each once."""
    ec2.switch(pending_seconds=-1, shutting_down_seconds=0)
    with cloud(
        redis_server,
        ec2,
        workers=2,
        JOBSCHED_EC2_SPOT_ALIVE="50",
        JOBSCHED_EC2_SPOT_HOURLY="600",
    ) as found:
        jobs = [found.schedule() for _ in range(500)]
        let_all_boot(found, ec2, once=50)
        finished(found, *jobs)
        assert found.most == 50
        assert len(ec2.machines()) == 500
