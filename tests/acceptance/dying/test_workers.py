"""Workers that are paused, replaced, and of two versions at one time."""

from __future__ import annotations

import signal
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from jobsched.client import Answered
from tests.acceptance.dying.next_version import NextVersion
from tests.acceptance.dying.scene import PATIENCE, Scene

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(120)]

DEAF = "trap '' TERM; while true; do sleep 0.1; done"


def _nothing_is_left(stage: Scene, *jobs: str) -> None:
    """Each was started once, and neither container nor lease is there."""
    stage.until(lambda: all(stage.starts.of(job) for job in jobs))
    assert [dict(stage.starts.of(job)) for job in jobs] == [{1: 1}] * len(jobs), stage.said()
    stage.until(lambda: stage.containers() == [], "containers are left")
    assert stage.leases() == []


def test_a_paused_worker_that_wakes_does_no_harm(stage: Scene) -> None:
    """Stopped while it stops a container, it wakes when all is over: nothing changes (Q4)."""
    zombie = stage.start("worker")
    job = stage.post("sh", "-c", DEAF, grace=3)
    stage.reaches(job, "running")
    stage.cancel(job)
    stage.until(lambda: b'"stopping_at"' in _record(stage, job))
    zombie.send_signal(signal.SIGSTOP)
    worker = stage.start("worker")
    assert stage.ended(job)["status"] == "cancelled"
    ended = _record(stage, job)

    zombie.send_signal(signal.SIGCONT)
    stage.end(worker)
    # it is well, and takes what comes
    other = stage.post("true")
    assert stage.ended(other)["status"] == "finished"
    assert _record(stage, job) == ended
    assert zombie.poll() is None
    _nothing_is_left(stage, job, other)


def test_a_start_of_a_paused_worker_comes_too_late(stage: Scene) -> None:
    """Its start is on its way when it is paused, and arrives when another started the job (Q4)."""
    data = stage.folder / "data"
    (data / "hesitate").touch()
    zombie = stage.start("worker")
    job = stage.post("sh", "-c", "sleep 1; exit 7")
    stage.until((data / "hesitates").exists, job)
    zombie.send_signal(signal.SIGSTOP)
    (data / "hesitate").unlink()
    worker = stage.start("worker")
    stage.reaches(job, "running")
    zombie.send_signal(signal.SIGCONT)

    found = stage.ended(job)
    assert (found["status"], found["docker"]["container_exit_code"]) == ("failed", 7)
    # it heard that it was too late, and goes on with other jobs
    stage.until(lambda: "command.failed" in stage.said_by(zombie), stage.said_by(zombie))
    stage.end(worker)
    other = stage.post("true")
    assert stage.ended(other)["status"] == "finished"
    assert zombie.poll() is None
    _nothing_is_left(stage, job, other)


def _record(stage: Scene, job: str) -> bytes:
    """Give all that the store keeps of a job, but who holds its lease."""
    with redis.Redis.from_url(stage.redis.url) as client:
        found: Any = client.hgetall(f"jobsched:job:{job}")
    return b"\n".join(found[key] for key in sorted(found) if key not in {b"holder", b"until"})


ROUNDS = 6


def test_a_rolling_restart_costs_nothing(stage: Scene) -> None:
    """Workers are replaced by SIGTERM, one by one, while jobs come and run (Q15)."""
    jobs = []
    worker = stage.start("worker")
    stage.until(lambda: "worker.started" in stage.said_by(stage.processes[-1]))
    for number in range(ROUNDS):
        jobs += [stage.post("sh", "-c", f"sleep {pause}; exit 5") for pause in (0, 0.4, 0.8)]
        following = stage.start("worker")
        # who replaces it is there before it goes, as with any supervisor
        stage.until(lambda one=following: "worker.started" in stage.said_by(one))  # type: ignore[misc]
        if number % 2:
            # sooner or later in their steps
            stage.reaches(jobs[-1], "running")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE) == 0, stage.said()
        worker = following
    found = [stage.ended(job) for job in jobs]
    ends = {(one["status"], one["docker"]["container_exit_code"]) for one in found}
    assert ends == {("failed", 5)}
    _nothing_is_left(stage, *jobs)


def test_two_versions_share_a_store(stage: Scene) -> None:
    """The old version leaves newer records alone and does its own; both go on (Q14)."""
    old = stage.start("worker")
    with closing(NextVersion(stage.variables, stage.folder)) as new:
        new.start_api()
        ours = stage.post("sh", "-c", "exit 3")
        theirs = _post(stage, new)
        assert stage.ended(ours)["status"] == "failed"
        # nobody of its version works yet, and the old one does not touch it
        untouched = _record(stage, theirs)
        another = stage.post("true")
        assert stage.ended(another)["status"] == "finished"
        assert _record(stage, theirs) == untouched
        with pytest.raises(Answered) as refused:
            stage.client.status(theirs)
        assert refused.value.status == 503

        new.start_worker()
        # while a newer job has a machine, the old one's sweeps let it be
        jobs = [
            theirs,
            stage.post("sleep", "1"),
            _post(stage, new, "sleep", "2"),
            _post(stage, new),
        ]
        for job in jobs:
            stage.until(lambda job=job: _is_finished(new, job), job)  # type: ignore[misc]
    last = stage.post("true")
    assert stage.ended(last)["status"] == "finished"
    assert old.poll() is None
    assert "Traceback" not in stage.said_by(old)
    _nothing_is_left(stage, *jobs, ours, another, last)


def _post(stage: Scene, new: NextVersion, *words: str) -> str:
    now = datetime.now(UTC).isoformat()
    body = {"schedule": now, "docker_image": stage.image, "cmd": [*(words or ["true"])]}
    return str(new.client.schedule(body)["id"])


def _is_finished(new: NextVersion, job: str) -> bool:
    return bool(new.client.status(job)["status"] == "finished")
