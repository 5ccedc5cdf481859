"""What a client may rely on when the API or its store is killed, silent, or refuses."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from jobsched import embedded
from jobsched.bootstrap.failpoint import EXIT, VARIABLE
from jobsched.client import Answered, Client, NoServer
from tests.acceptance.dying.scene import PATIENCE, Scene
from tests.acceptance.forked import Forked
from tests.acceptance.product import environment
from tests.services import RedisServer

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(120)]


def _tomorrow() -> dict[str, Any]:
    """Give a job that no worker is needed for."""
    schedule = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    return {"schedule": schedule, "docker_image": "tomorrow", "cmd": ["true"]}


def _jobs(stage: Scene) -> list[str]:
    return [one["id"] for one in stage.client.jobs()["jobs"]]


@pytest.mark.parametrize(
    ("when", "accepted"),
    [
        pytest.param("before", 0, id="before the write (A1)"),
        pytest.param("after", 1, id="after the write (A2)"),
    ],
)
def test_a_post_whose_api_died_is_repeated(stage: Scene, when: str, accepted: int) -> None:
    """The client repeats it with its key, and there is one job, whichever came first (A1, A2)."""
    job, key = _tomorrow(), uuid.uuid4().hex
    stage.end(*stage.processes)
    doomed = stage.start_api(**{VARIABLE: f"store.accept:{when}"})
    with pytest.raises(NoServer):
        stage.client.schedule(job, key=key)
    assert doomed.wait(PATIENCE) == EXIT

    stage.start_api()
    known = _jobs(stage)
    assert len(known) == accepted
    first = stage.client.schedule(job, key=key)
    second = stage.client.schedule(job, key=key)
    assert first == second
    assert _jobs(stage) == [first["id"]]
    assert known in ([], [first["id"]])


def test_a_post_that_was_answered_too_late_is_repeated(stage: Scene) -> None:
    """A client that gave up waiting for a silent store repeats it: there is one job (A3)."""
    job, key = _tomorrow(), uuid.uuid4().hex
    stage.redis.pause()
    impatient = replace(stage.client, patience=timedelta(seconds=0.5))
    for _ in range(2):
        with pytest.raises(NoServer):
            impatient.schedule(job, key=key)
    stage.redis.resume()
    first = stage.client.schedule(job, key=key)
    assert stage.client.schedule(job, key=key) == first
    assert _jobs(stage) == [first["id"]]


def _is_replica(server: RedisServer, client: redis.Redis) -> None:
    del server
    client.replicaof("127.0.0.1", "1")


def _is_full(server: RedisServer, client: redis.Redis) -> None:
    del server
    client.config_set("maxmemory", "1")


def _cannot_save(server: RedisServer, client: redis.Redis) -> None:
    """Let what it saves to be a folder."""
    (server.folder / "dump.rdb").mkdir()
    client.config_set("save", "900 1")
    client.bgsave()
    deadline = time.monotonic() + PATIENCE
    told: Any = client.info("persistence")
    while told["rdb_last_bgsave_status"] != "err":
        assert time.monotonic() < deadline
        time.sleep(0.02)
        told = client.info("persistence")


def _wants_a_password(server: RedisServer, client: redis.Redis) -> None:
    del server
    client.config_set("requirepass", "a secret")
    client.client_kill_filter(_type="normal", skipme=True)


def _is_loading(server: RedisServer, client: redis.Redis) -> None:
    """Let it start again, and read its file for a minute: it looks up every 1,024 lines."""
    with client.pipeline(transaction=False) as pipeline:
        for _ in range(40_000):
            pipeline.lpush("something else", "")
        pipeline.execute()
    server.kill()
    server.settings = ["--key-load-delay", "1500"]
    with suppress(pytest.fail.Exception):
        server.start(seconds=0)
    while True:
        try:
            client.ping()
        except redis.BusyLoadingError:
            return
        except redis.RedisError:
            # not listening yet
            time.sleep(0.01)
        else:
            pytest.fail("it has read its file too fast")


TROUBLES: dict[str, Callable[[RedisServer, redis.Redis], None]] = {
    "READONLY": _is_replica,
    "OOM": _is_full,
    "MISCONF": _cannot_save,
    "NOAUTH": _wants_a_password,
    "LOADING": _is_loading,
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_store_that_refuses_is_told_as_503(stage: Scene, trouble: str) -> None:
    """No false 200 and no 500: 503 with Retry-After, and the API is not ready (A5)."""
    worker = stage.start("worker")
    stage.until(lambda: _asked(stage, "/readiness")[0] == 200)
    with redis.Redis.from_url(stage.redis.url) as client:
        TROUBLES[trouble](stage.redis, client)
        status, headers, problem = _asked(stage, "/schedule", _tomorrow())
        assert (status, problem["status"]) == (503, 503), problem
        assert headers["Content-Type"].startswith("application/problem+json")
        assert int(headers["Retry-After"]) > 0
        assert WORDS[trouble] in problem["detail"]
        assert _asked(stage, "/readiness")[0] == 503
        with urllib.request.urlopen(f"{stage.url}/healthcheck") as answer:  # noqa: S310
            assert answer.status == 200
        _heal(stage.redis, client)
    stage.until(lambda: _asked(stage, "/readiness")[0] == 200)
    assert _jobs(stage) == []
    job = stage.post("true")
    assert stage.ended(job)["status"] == "finished"
    assert worker.poll() is None


WORDS = {
    "READONLY": "takes no writes",
    "OOM": "out of memory",
    "MISCONF": "cannot save",
    "NOAUTH": "password",
    "LOADING": "loading",
}


def _heal(server: RedisServer, client: redis.Redis) -> None:
    try:
        client.replicaof("NO", "ONE")
        client.config_set("maxmemory", "0")
        client.config_set("save", "")
        client.config_set("requirepass", "")
    except redis.BusyLoadingError:
        # from now on it reads its file quickly
        server.kill()
        server.settings = []
        server.start()


def _asked(
    stage: Scene, path: str, body: dict[str, Any] | None = None
) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Give status, headers and document of an answer."""
    data = json.dumps(body).encode() if body else None
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{stage.url}{path}", data=data, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, dict(answer.headers), json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), json.load(error)


KILLS = 3


def test_a_killed_embedded_server_has_every_acknowledged_job(
    redis_program: embedded.ServerBinary, docker_host: str, tmp_path: Path
) -> None:
    """`jobsched up` whose Redis is killed under load, again and again: nothing is lost (A6)."""
    data = tmp_path / "data"
    variables = environment(DOCKER_HOST=docker_host, JOBSCHED_LOG_FORMAT="text")
    out, err = tmp_path / "out", tmp_path / "err"
    words = ["up", "--port", "0", "--json", "--data-dir", str(data)]
    process = Forked(words, cwd=tmp_path, env=variables, out=out, err=err)
    try:
        line = process.first_line(PATIENCE)
        assert line, err.read_text()
        client = Client(url=json.loads(line)["url"])
        acknowledged = _posted_while_it_is_killed(client, data)
        assert len(acknowledged) > KILLS
        there = {job for job in acknowledged if client.status(job)["status"] == "scheduled"}
        assert there == acknowledged
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, err.read_text()
    finally:
        process.kill()
        process.communicate()


def _posted_while_it_is_killed(client: Client, data: Path) -> set[str]:
    acknowledged: set[str] = set()
    is_over = threading.Event()

    def post() -> None:
        while not is_over.is_set():
            # not acknowledged: nothing was promised
            with suppress(Answered):
                acknowledged.add(client.schedule(_tomorrow())["id"])

    threads = [threading.Thread(target=post) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(KILLS):
            known = len(acknowledged)
            deadline = time.monotonic() + PATIENCE
            while len(acknowledged) < known + 20:
                assert time.monotonic() < deadline, "nothing more is acknowledged"
                time.sleep(0.01)
            os.kill(_server_of(data), signal.SIGKILL)
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            acknowledged.add(client.schedule(_tomorrow())["id"])
        except Answered:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return acknowledged


def _server_of(data: Path) -> int:
    """Give the process that a data directory's server is now."""
    socket = embedded.find_socket(data / "redis")
    with redis.Redis(unix_socket_path=str(socket)) as client:
        return int(client.info("server")["process_id"])
