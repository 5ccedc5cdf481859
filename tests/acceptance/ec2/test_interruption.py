"""EC2 takes a machine back: what its agent posts, and what becomes of the job.

API, worker and Redis are processes, the cloud is the fake EC2, and containers are made of paper.
"""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobsched.embedded import ServerBinary
from jobsched.testing.ec2 import FakeEc2, Machine
from tests.acceptance.ec2.cloud import Cloud, cloud
from tests.services import RedisServer

pytestmark = [pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(180)]
RETRY = {"max_attempts": 2, "on": ["interruption"], "backoff": 0}
#: long enough to be interrupted, and short enough to be run again
SECONDS = 6


@pytest.fixture(scope="module")
def ec2(running_ec2: FakeEc2) -> FakeEc2:
    """The fake EC2, whose machines take a moment to come and to go."""
    running_ec2.reset()
    running_ec2.switch(pending_seconds=0.3, shutting_down_seconds=0.3)
    return running_ec2


@pytest.fixture(scope="module")
def found(redis_program: ServerBinary, ec2: FakeEc2) -> Iterator[Cloud]:
    """A deployment on it, for all tests here."""
    del redis_program
    server = RedisServer()
    try:
        server.start()
        with cloud(server, ec2, JOBSCHED_EC2_SPOT_LEAD="12s") as made:
            yield made
    finally:
        server.close()


def running(found: Cloud, job: str) -> Machine:
    """Wait until a job runs; give its machine."""
    found.made.until(lambda: found.client.status(job)["status"] == "running", job)
    instance_id = found.client.status(job)["aws"]["instance_id"]
    (machine,) = (one for one in found.booter.ec2.machines() if one.id == instance_id)
    return machine


def launch(document: dict[str, Any], attempt: int = 0) -> dict[str, Any]:
    """Give the only launch of an attempt."""
    (only,) = document["attempts"][attempt]["launches"]
    return dict(only)


def test_an_interrupted_job_ends_and_runs_elsewhere(found: Cloud) -> None:
    """Notice, file, SIGTERM, logs, machine given back; then it is run again, and finishes."""
    job = found.schedule(seconds=SECONDS, retry=RETRY)
    machine = running(found, job)
    until = datetime.now(UTC) + timedelta(minutes=2)
    for _ in range(2):
        found.booter.say(machine, "interrupt", until=until.isoformat(), what="terminate")
    (document,) = found.made.ended(job)

    assert (document["status"], document["exit_code"]) == ("finished", 0)
    first, second = document["attempts"]
    assert (first["outcome"]["reason"], first["outcome"]["code"]) == ("interrupted", 143)
    assert second["outcome"]["reason"] == "finished"
    assert found.starts()[job] == 2
    taken = launch(document)
    told = taken["interruption"]
    deadline = datetime.fromisoformat(told["deadline"])
    assert abs(deadline - until) < timedelta(seconds=5)
    (warning,) = found.warnings("interruption")
    assert (warning["kind"], datetime.fromisoformat(warning["deadline"])) == (
        "interruption",
        deadline,
    )
    assert told["what"] == "terminate"
    seconds = [told["seconds"][name] for name in ("stopping", "warned", "ended", "logs", "gone")]
    assert seconds == sorted(seconds)
    assert 60 < taken["stopping_grace"] <= 110
    assert launch(document, 1)["instance_id"] != machine.id
    events = [one["event"] for one in document["timeline"]]
    assert {"interrupted", "warned", "stopping"} <= set(events)


def test_a_machine_at_risk_runs_its_job_to_the_end(found: Cloud) -> None:
    """The container is told, and nothing else happens."""
    job = found.schedule(seconds=SECONDS)
    machine = running(found, job)
    found.booter.say(machine, "rebalance", noticed_at=datetime.now(UTC).isoformat())
    found.made.until(lambda: bool(found.warnings("rebalance")), job)
    (document,) = found.made.ended(job)

    assert (document["status"], len(document["attempts"])) == ("finished", 1)
    (warning,) = found.warnings("rebalance")
    assert warning["deadline"] is None
    told = launch(document)["interruption"]
    assert told["at_risk_at"]
    assert told["noticed_at"] is None
    assert launch(document)["stopping_at"] is None


def test_a_machine_that_waits_for_its_time_is_replaced(found: Cloud) -> None:
    """Nothing was started: no attempt is used up, though the job is never retried."""
    soon = datetime.now(UTC) + timedelta(seconds=14)
    job = found.schedule(schedule=soon.isoformat(), retry={"max_attempts": 1, "on": []})
    found.made.until(lambda: found.client.status(job)["status"] == "ready", job)
    instance_id = found.client.status(job)["aws"]["instance_id"]
    (machine,) = (one for one in found.booter.ec2.machines() if one.id == instance_id)
    until = datetime.now(UTC) + timedelta(minutes=2)
    found.booter.say(machine, "interrupt", until=until.isoformat())
    (document,) = found.made.ended(job)

    assert document["status"] == "finished"
    (attempt,) = document["attempts"]
    assert [one["released"] for one in attempt["launches"]] == ["interrupted", "ended"]
    assert found.starts()[job] == 1


@pytest.mark.parametrize(
    "fields",
    [{"until": "soon"}, {"until": "2030-01-01T12:00:00"}, {}],
    ids=["no time", "no zone", "nothing"],
)
def test_a_wrong_notice_is_refused(found: Cloud, fields: dict[str, str]) -> None:
    """With a sentence, and nothing happens to the job."""
    job = found.schedule(seconds=2)
    machine = running(found, job)
    with pytest.raises(urllib.error.HTTPError) as refused:
        found.booter.say(machine, "interrupt", **fields)
    with refused.value as error:
        assert error.code == 422
        assert b"until" in error.read()
    (document,) = found.made.ended(job)
    assert (document["status"], launch(document)["interruption"]) == ("finished", None)
