"""The example `static_hosts` on three real Docker hosts: shared by many, and one of them dies.

What ran where is told by the engines' own events, never by our records.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.deployment import ENDS, JOBSCHED, WORKER, Deployment, stop
from tests.acceptance.pool import LEASE, NAMES, WAITS, Pool, install, pool
from tests.acceptance.product import WITHIN
from tests.services import RedisServer

pytestmark = [
    pytest.mark.second_engine,
    pytest.mark.redis,
    pytest.mark.slow,
    pytest.mark.timeout(120),
]

#: A launch's latest end, `dies_at`, follows its begin by these and the job's own time-out.
SOON = {
    "JOBSCHED_LIMITS_PROVISIONING": "3s",
    "JOBSCHED_LIMITS_BOOTING": "1s",
    "JOBSCHED_LIMITS_PREPARE": "4s",
    "JOBSCHED_LIMITS_COLLECT": "1s",
    "JOBSCHED_LIMITS_SPARE": "1s",
    "JOBSCHED_LIMITS_BACKOFF_MOST": "1s",
}


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the example is installed."""
    folder = tmp_path_factory.mktemp("static-hosts")
    install(folder)
    return folder


@pytest.fixture
def hosts(plugin: Path, tmp_path: Path) -> Iterator[Pool]:
    """Three hosts of this test alone, which it may kill."""
    with pool(plugin, tmp_path) as made:
        yield made


def host_of(deployed: Deployment, job: str) -> str | None:
    """Give the host that a job has, or had."""
    section: dict[str, Any] = deployed.status(job)["static_hosts"]
    host: str | None = section["host"]
    return host


def all_over(deployed: Deployment, jobs: list[str]) -> bool:
    """Say whether all jobs have ended."""
    return {deployed.status(job)["status"] for job in jobs} <= ENDS


def launches_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the launches of a job's only attempt."""
    (attempt,) = document["attempts"]
    found: list[dict[str, Any]] = attempt["launches"]
    return found


def running_job(deployed: Deployment, script: str, **more: Any) -> tuple[str, str]:
    """Have a job that runs; give it, and its host."""
    job = deployed.schedule(script, **more)
    deployed.until(lambda: deployed.status(job)["status"] == "running", job)
    host = host_of(deployed, job)
    assert host is not None
    return job, host


def test_jobs_share_the_hosts_and_never_one_host(hosts: Pool, redis_server: RedisServer) -> None:
    """Two workers and a second deployment: three hosts at a time, each with one job."""
    since = int(time.time())
    with ExitStack() as stack:
        other_redis = RedisServer()
        stack.callback(other_redis.close)
        other_redis.start()
        ours = stack.enter_context(hosts.deployment(redis_server))
        theirs = stack.enter_context(hosts.deployment(other_redis))
        four = [ours.schedule(WAITS) for _ in range(4)]
        workers = [one.start(*WORKER) for one in (ours, ours, theirs)]

        # none ends before all hosts have one, however slow this machine is
        ours.until(lambda: len(hosts.running()) == len(NAMES))
        ours.until(lambda: hosts.let_all_go() and all_over(ours, four))
        ended = ours.ended(*four)
        assert {document["static_hosts"]["host"] for document in ended} == set(NAMES)
        assert hosts.most_jobs(*NAMES, since=since) == 3, "the fourth waits for one of three"
        mixed = [one.schedule("sleep 0.5") for _ in range(2) for one in (ours, theirs)]
        ended += ours.ended(*mixed[::2]) + theirs.ended(*mixed[1::2])

        assert {document["status"] for document in ended} == {"finished"}
        assert ours.starts() == dict.fromkeys([*four, *mixed[::2]], 1)
        assert theirs.starts() == dict.fromkeys(mixed[1::2], 1)
        assert [hosts.most_jobs(name, since=since) for name in NAMES] == [1, 1, 1]
        refused = [offer for document in ended for offer in document["offers"]]
        assert {offer["reason"] for offer in refused} == {"no_capacity"}
        ours.until(lambda: hosts.left() == [])
        assert [stop(worker) for worker in workers] == [0, 0, 0], ours.logs() + theirs.logs()


def test_a_host_that_dies_is_abandoned(hosts: Pool, redis_server: RedisServer) -> None:
    """Its job's outcome is unknown by `dies_at`; meanwhile the others go on; then its slot is free.

    That the others are still described is seen by one whose lease somebody takes away.
    """
    settings = {**SOON, "JOBSCHED_STATIC_HOSTS_ALIVE": "2"}
    with hosts.deployment(redis_server, **settings) as deployed:
        worker = deployed.start_worker()
        lost, dead = running_job(deployed, "sleep 600", timeout=5)
        hosts.lose(dead, deployed)

        robbed, living = running_job(deployed, "sleep 600")
        after = deployed.schedule("exit 3")
        hosts.clients[living].api.remove_container(LEASE)
        found = deployed.ended(robbed, after)
        assert [one["reason"] for one in found] == ["machine_lost", "exited"]
        first, second = (launches_of(one)[-1] for one in found)
        assert _time(second["begun_at"]) >= _time(first["gone_at"]), "the dead host has a slot"
        deployed.until(lambda: deployed.status(lost)["reason"] == "outcome_unknown", lost)
        document = deployed.status(lost)
        concluded = _time(document["attempts"][0]["outcome"]["at"])
        late = concluded - _time(launches_of(document)[0]["dies_at"])
        assert timedelta(0) <= late < timedelta(seconds=10)
        assert document["status"] == "finishing", "its machine was not seen to be gone"

        sleeps, _ = running_job(deployed, "sleep 600")
        waits = deployed.schedule("exit 4")
        told = abandon(deployed, lost)
        assert told.returncode == 0, told.stderr
        document = deployed.ended(lost)[0]
        assert (document["status"], document["reason"]) == ("failed", "outcome_unknown")
        assert deployed.ended(waits)[0]["reason"] == "exited"
        assert deployed.running(sleeps), "the slot of the dead host is free, not another one"
        deployed.client.cancel(sleeps)
        deployed.ended(sleeps)
        deployed.until(lambda: hosts.left() == [])
        assert stop(worker) == 0, deployed.logs()


def test_a_dead_host_is_taken_out_of_the_configuration(
    hosts: Pool, redis_server: RedisServer
) -> None:
    """Its job ends, as unknown, and the hosts that are left go on."""
    with hosts.deployment(redis_server) as deployed:
        worker = deployed.start_worker()
        lost, dead = running_job(deployed, "sleep 600")
        hosts.lose(dead, deployed)
        assert stop(worker) == 0, deployed.logs()

        left = [name for name in NAMES if name != dead]
        deployed.variables |= hosts.settings(*left)
        worker = deployed.start_worker()
        document = deployed.ended(lost)[0]
        assert (document["status"], document["reason"]) == ("failed", "outcome_unknown")
        assert launches_of(document)[0]["gone"] == "abandoned"
        jobs = [deployed.schedule("exit 5") for _ in range(2)]
        assert {one["reason"] for one in deployed.ended(*jobs)} == {"exited"}
        assert {host_of(deployed, job) for job in jobs} <= set(left)
        deployed.until(lambda: hosts.left() == [])
        assert stop(worker) == 0, deployed.logs()


def abandon(deployed: Deployment, job: str) -> subprocess.CompletedProcess[str]:
    """Type `jobsched abandon`."""
    return subprocess.run(
        [*JOBSCHED, "abandon", job, "--yes"],
        check=False,
        env={**deployed.variables, "JOBSCHED_URL": deployed.url},
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
