"""API and workers as processes of their own, on a real Redis and a real Docker Engine.

How often a container was started is counted from the engine's own events, never from our records.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from jobsched import embedded
from jobsched.client import Client
from tests.acceptance.deployment import (
    ARQ_WORKER,
    ENDS,
    JOBSCHED,
    WORKER,
    Deployment,
    deployment,
    stop,
)
from tests.acceptance.product import WITHIN, environment
from tests.services import RedisServer

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(120)]

#: seconds without Redis that everything must live through
OUTAGE = 30


@pytest.fixture
def deployed(
    redis_server: RedisServer,
    docker_host: str,
    busybox_image: str,
    docker_client: docker.DockerClient,
) -> Iterator[Deployment]:
    """An API on a Redis, still without a worker."""
    of_engine = docker_host, busybox_image, docker_client
    with deployment(redis_server, *of_engine, is_forked=True) as made:
        yield made


# the longest is first, so that others run beside it
def test_thirty_seconds_without_redis(deployed: Deployment) -> None:
    """API and worker live through it: refusals meanwhile, then the same processes go on (Q6)."""
    api, worker = deployed.processes[0], deployed.start_worker()
    deployed.until(lambda: deployed.readiness() == 200)
    through = deployed.schedule("sleep 2; exit 6")
    deployed.until(lambda: deployed.running(through), through)

    deployed.redis.kill()
    back_at = time.monotonic() + OUTAGE
    status, problem = deployed.post("echo no")
    assert (status, problem["status"]) == (503, 503)
    assert problem["headers"]["Content-Type"].startswith("application/problem+json")
    assert int(problem["headers"]["Retry-After"]) > 0
    assert deployed.readiness() == 503
    while time.monotonic() < back_at:
        assert (api.poll(), worker.poll()) == (None, None), deployed.logs()
        time.sleep(0.1)
    assert deployed.post("echo no")[0] == 503
    deployed.redis.start()

    deployed.until(lambda: deployed.readiness() == 200)
    job = deployed.schedule("echo yes")
    found = deployed.ended(through, job)
    ends = [(one["status"], one["docker"]["container_exit_code"]) for one in found]
    assert ends == [("failed", 6), ("finished", 0)]
    assert len(deployed.client.jobs()["jobs"]) == 2, "nothing was half accepted"
    assert deployed.starts() == {through: 1, job: 1}
    assert deployed.left() == []
    assert (api.poll(), worker.poll()) == (None, None)
    assert [stop(worker), stop(api)] == [0, 0], deployed.logs()


@pytest.mark.parametrize("words", [WORKER, ARQ_WORKER], ids=["jobsched worker", "arq"])
def test_a_worker_runs_what_the_api_accepts(deployed: Deployment, words: tuple[str, ...]) -> None:
    """Both commands start the same worker: a posted job runs, keeps its output, leaves nothing."""
    worker = deployed.start_worker(*words)
    good, bad = deployed.schedule("echo hello"), deployed.schedule("exit 3")
    found = deployed.ended(good, bad)
    ends = [(one["status"], one["docker"]["container_exit_code"]) for one in found]
    assert ends == [("finished", 0), ("failed", 3)]
    assert b"".join(deployed.client.logs(good)) == b"hello\n"
    assert deployed.starts() == {good: 1, bad: 1}
    assert deployed.left() == []
    assert deployed.readiness() == 200
    assert stop(worker) == 0, deployed.logs()


def test_arq_alone_runs_a_job(deployed: Deployment) -> None:
    """With the dispatch loop switched off the processes bring a job to its end by arq's tasks."""
    deployed.variables["JOBSCHED_DISPATCH"] = "arq"
    assert stop(deployed.processes[0]) == 0
    deployed.start_api()
    worker = deployed.start_worker(*ARQ_WORKER)
    job = deployed.schedule("echo hello")
    found = deployed.ended(job)[0]
    assert found["status"] == "finished"
    assert found["arq"]["job_parent_id"]
    assert deployed.starts() == {job: 1}
    assert stop(worker) == 0, deployed.logs()


def test_two_workers_share_the_jobs(deployed: Deployment) -> None:
    """Of twelve jobs each is started once, whichever worker took it, and nothing is left."""
    workers = [deployed.start(*WORKER), deployed.start(*WORKER)]
    jobs = [deployed.schedule(f"echo {number}") for number in range(12)]
    assert {one["status"] for one in deployed.ended(*jobs)} == {"finished"}
    assert deployed.starts() == dict.fromkeys(jobs, 1)
    assert deployed.left() == []
    assert [stop(worker) for worker in workers] == [0, 0], deployed.logs()


def test_a_killed_worker_loses_nothing(deployed: Deployment) -> None:
    """Killed while a container runs, or in the first steps of a job: others finish both (Q3)."""
    first = deployed.start_worker()
    runs = deployed.schedule("sleep 4; exit 7")
    deployed.until(lambda: deployed.running(runs), runs)
    first.kill()
    first.wait()

    second = deployed.start_worker()
    claimed = deployed.schedule("exit 5")
    deployed.until(lambda: deployed.status(claimed)["status"] != "scheduled", claimed)
    second.kill()
    second.wait()

    deployed.start_worker()
    found = deployed.ended(runs, claimed)
    ends = [(one["status"], one["docker"]["container_exit_code"]) for one in found]
    assert ends == [("failed", 7), ("failed", 5)]
    assert [one["reason"] for one in found] == ["exited", "exited"]
    assert deployed.starts() == {runs: 1, claimed: 1}
    assert deployed.left() == []


def test_a_worker_that_is_stopped_leaves_its_container_running(deployed: Deployment) -> None:
    """SIGTERM ends the worker with 0; the container goes on, and the next worker finishes it."""
    first = deployed.start_worker()
    job = deployed.schedule("sleep 3; echo done; exit 4")
    deployed.until(lambda: deployed.running(job), job)
    assert stop(first) == 0, deployed.logs()
    assert deployed.running(job)

    second = deployed.start_worker()
    found = deployed.ended(job)[0]
    assert (found["status"], found["docker"]["container_exit_code"]) == ("failed", 4)
    assert b"".join(deployed.client.logs(job)) == b"done\n"
    assert deployed.starts() == {job: 1}
    assert deployed.left() == []
    assert stop(second) == 0, deployed.logs()


def test_a_step_in_hand_is_finished_before_the_end(deployed: Deployment) -> None:
    """SIGTERM while a container is being stopped: the stop is let end and is saved (Q15)."""
    first = deployed.start_worker()
    # deaf to SIGTERM: stopping it takes all of its grace
    job = deployed.schedule("trap '' TERM; while true; do sleep 0.1; done", grace=3)
    deployed.until(lambda: deployed.status(job)["status"] == "running", job)
    told = {"type": "container", "event": "kill", "label": f"jobsched.job={job}"}
    events = deployed.engine.events(filters=told, decode=True)
    deployed.client.cancel(job)
    assert next(iter(events))["Action"] == "kill"
    events.close()

    assert stop(first) == 0, deployed.logs()
    found = deployed.status(job)
    assert found["docker"]["container_exit_code"] == 137

    second = deployed.start_worker()
    assert deployed.ended(job)[0]["status"] == "cancelled"
    assert deployed.starts() == {job: 1}
    assert deployed.left() == []
    assert stop(second) == 0, deployed.logs()


def test_jobs_outlive_jobsched_up(
    redis_program: embedded.ServerBinary,
    docker_host: str,
    busybox_image: str,
    docker_client: docker.DockerClient,
) -> None:
    """What was scheduled before SIGTERM is there after a restart on the same data, and runs."""
    folder = Path(tempfile.mkdtemp(prefix="jobsched-up-"))
    words = [*JOBSCHED, "up", "--port", "0", "--json", "--data-dir", str(folder / "data")]
    running: list[subprocess.Popen[str]] = []

    def started() -> Client:
        with (folder / f"{len(running)}.log").open("w") as log:
            process = subprocess.Popen(
                words,
                env=environment(DOCKER_HOST=docker_host),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, Path(log.name).read_text()
        return Client(url=json.loads(line)["url"])

    try:
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
        job = started().schedule(
            {"schedule": soon, "docker_image": busybox_image, "cmd": "echo again"}
        )["id"]
        running[0].send_signal(signal.SIGTERM)
        assert running[0].wait(30) == 0
        client = started()
        deadline = time.monotonic() + WITHIN
        while (found := client.status(job))["status"] not in ENDS:
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        assert found["status"] == "finished"
        assert b"".join(client.logs(job)) == b"again\n"
        running[1].send_signal(signal.SIGTERM)
        assert running[1].wait(30) == 0
        left = docker_client.containers.list(
            ignore_removed=True, all=True, filters={"label": f"jobsched.job={job}"}
        )
        assert left == []
    finally:
        for process in running:
            process.kill()
            process.communicate()
        shutil.rmtree(folder)
