"""Power cuts: what was acknowledged and not synced to the disk is gone, and nothing else.

Killing a server cannot show this: what it wrote is in the kernel's memory, and stays.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import docker
import pytest
import redis

from jobsched.bootstrap.failpoint import EXIT, VARIABLE
from jobsched.client import Client
from tests.acceptance.dying.scene import PATIENCE, Scene, scene
from tests.acceptance.forked import Forked
from tests.acceptance.powercut.server import Disk, FragileRedis, build
from tests.acceptance.product import environment
from tests.shared import once

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(120)]

CUTS = 12
CLIENTS = 3
#: seconds between two cuts
BETWEEN = 0.19
#: a second by the setting, and another where the disk is slow (P1)
LAST = 2.0


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the layer that notes what is synced."""
    return once(tmp_path_factory, "synced", build)


@pytest.fixture
def stage(
    request: pytest.FixtureRequest,
    layer: Path,
    docker_client: docker.DockerClient,
    busybox_image: str,
) -> Iterator[Scene]:
    """A deployment with an API, on a Redis that may lose its power."""
    server = FragileRedis(layer, fsync=request.param)
    docker_host: str = request.getfixturevalue("docker_host")
    request.getfixturevalue("redis_program")
    with scene(docker_host, busybox_image, docker_client, server) as made:
        made.begin()
        yield made


@dataclass
class Load:
    """Clients that post jobs of tomorrow, and note when each was acknowledged."""

    client: Client
    acknowledged: dict[str, float] = field(default_factory=dict)
    is_over: threading.Event = field(default_factory=threading.Event)

    def post(self) -> None:
        """Be a client."""
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        while not self.is_over.is_set():
            job = self.client.schedule({"schedule": tomorrow, "docker_image": "tomorrow"})["id"]
            self.acknowledged[job] = time.monotonic()

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self.post) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self._threads:
            thread.join()


def _lost_by_cuts(client: Client, disk: Disk) -> list[list[float]]:
    """Cut the power at many moments; give, for each, how long ago what is lost was acknowledged."""
    cuts = []
    with ExitStack() as stack:
        with Load(client) as load:
            for number in range(CUTS):
                # moments that are spread over seconds, with something acknowledged before each
                until = time.monotonic() + BETWEEN
                while time.monotonic() < until or len(load.acknowledged) <= number:
                    assert time.monotonic() < until + PATIENCE
                    time.sleep(0.01)
                told, now = dict(load.acknowledged), time.monotonic()
                after = disk.after_a_cut_now()
                stack.callback(after.close)
                cuts.append((told, now, after))
        lost = []
        for told, now, after in cuts:
            after.start()
            with redis.Redis.from_url(after.url) as store:
                there = {job for job in told if store.exists(f"jobsched:job:{job}")}
            lost.append([now - at for job, at in told.items() if job not in there])
    return lost


def test_the_embedded_server_loses_nothing(
    layer: Path, redis_program: object, docker_host: str, tmp_path: Path
) -> None:
    """`jobsched up`, whenever the power is cut: what was acknowledged is there (A6, P1)."""
    data = tmp_path / "data"
    disk = Disk(layer, data / "redis", tmp_path / "notes")
    settings = {"DOCKER_HOST": docker_host, "JOBSCHED_LOG_FORMAT": "text", **disk.environment}
    words = ["up", "--port", "0", "--json", "--data-dir", str(data)]
    out, err = tmp_path / "out", tmp_path / "err"
    process = Forked(words, cwd=tmp_path, env=environment(**settings), out=out, err=err)
    try:
        line = process.first_line(PATIENCE)
        assert line, err.read_text()
        assert _lost_by_cuts(Client(url=json.loads(line)["url"]), disk) == [[]] * CUTS
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, err.read_text()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("stage", ["everysec"], indirect=True)
def test_at_most_the_last_seconds_are_lost_with_everysec(stage: Scene) -> None:
    """What is lost was acknowledged within the last two seconds; and something is (A6, P1)."""
    lost = _lost_by_cuts(stage.client, _fragile(stage).disk)
    assert [ages for ages in lost if ages and max(ages) > LAST] == []
    assert any(lost), "the layer lost nothing, though the setting lets it"


@pytest.mark.parametrize("stage", ["no"], indirect=True)
def test_the_layer_notices_a_missing_sync(stage: Scene) -> None:
    """A server that never syncs loses all: what the first test says is not for want of looking."""
    assert all(_lost_by_cuts(stage.client, _fragile(stage).disk))


def _fragile(stage: Scene) -> FragileRedis:
    assert isinstance(stage.redis, FragileRedis)
    return stage.redis


#: the worker and the store are cut off here, and all that the store heard of the job is lost
MOMENTS = (
    "save.Begun",
    "provider.provision",
    "save.Provisioned",
    "runner.prepare",
    "save.Prepared",
    "save.StartGranted",
    "runner.start",
    "save.Started",
    "save.Ended",
    "logs.write",
    "save.LogsStored",
    "save.Released",
)


@pytest.mark.parametrize("stage", ["everysec"], indirect=True)
def test_a_worker_goes_on_with_what_its_store_forgot(stage: Scene) -> None:
    """The store is cut off under a worker that runs a job: the job is not started again (Q7)."""
    server = _fragile(stage)
    job = stage.post("sh", "-c", "sleep 3; exit 7")
    stage.until(server.disk.is_synced)
    server.disk.lose_from_now_on()
    worker = stage.start("worker")
    stage.reaches(job, "running")
    server.cut()
    found = stage.ended(job)
    assert (found["status"], found["docker"]["container_exit_code"]) == ("failed", 7)
    assert stage.starts.of(job) == {1: 1}
    stage.until(lambda: stage.containers() == [], "containers are left")
    assert (stage.leases(), worker.poll()) == ([], None)


@pytest.mark.parametrize("stage", ["everysec"], indirect=True)
@pytest.mark.parametrize("moment", MOMENTS)
def test_what_was_rolled_back_comes_to_a_right_end(stage: Scene, moment: str) -> None:
    """A store that forgot what was done finds it by its name: no second start (Q7)."""
    job = _after_a_cut(stage, f"{moment}:after")
    assert stage.starts.of(job) == {1: 1}, stage.said()


@pytest.mark.parametrize("stage", ["everysec"], indirect=True)
def test_what_left_no_trace_is_done_again(stage: Scene) -> None:
    """The limit of `everysec`: what came and went within what is lost runs again.

    Its container, which a look would have found, was removed. That takes a loss of more than
    `limits.evidence`, which is more than Redis says that it loses.
    """
    job = _after_a_cut(stage, "runner.remove:after")
    assert stage.starts.of(job) == {1: 2}, stage.said()


def _after_a_cut(stage: Scene, place: str) -> str:
    """Let worker and store die at once, with all that the store heard of a job; let it be done."""
    server = _fragile(stage)
    job = stage.post("sh", "-c", "echo hello; sleep 0.5")
    stage.until(server.disk.is_synced, place)
    server.disk.lose_from_now_on()
    doomed = stage.start("worker", **{VARIABLE: place})
    assert doomed.wait(PATIENCE) == EXIT, stage.said()
    server.cut()
    assert stage.status(job)["status"] == "scheduled", "all of it was lost"
    stage.start("worker")
    assert stage.ended(job)["status"] == "finished", stage.said()
    assert b"".join(stage.client.logs(job)) == b"hello\n"
    stage.until(lambda: stage.containers() == [], "containers are left")
    assert stage.leases() == []
    return job
