"""`jobsched up` as a user runs it: how it starts, is refused, ends, and starts again."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from jobsched import embedded
from jobsched.client import Client
from jobsched.errors import JobschedError
from tests.acceptance.product import environment

pytestmark = [pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(90)]

NOWHERE = "unix:///nowhere/docker.sock"


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start it without a Docker Engine."""
    return subprocess.Popen(
        [sys.executable, "-m", "jobsched", "up", "--json", "--data-dir", str(folder), *words],
        env=environment(DOCKER_HOST=NOWHERE),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def url(process: subprocess.Popen[str]) -> str:
    """Read where it listens."""
    assert process.stdout is not None
    return str(json.loads(process.stdout.readline())["url"])


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_jobs_are_there_after_a_restart(
    redis_program: embedded.ServerBinary, tmp_path: Path
) -> None:
    """SIGTERM ends it with 0 within 30 seconds, its Redis too; the next start has the same jobs."""
    ids: list[str] = []
    for _ in range(2):
        process = start(tmp_path, "--port", "0")
        try:
            client = Client(url=url(process))
            ids = ids or [client.schedule(later())["id"]]
            assert [job["id"] for job in client.jobs()["jobs"]] == ids
            process.terminate()
            _, errors = process.communicate(timeout=30)
            assert process.returncode == 0
            assert errors.splitlines()[0].startswith("no Docker Engine answers")
        finally:
            process.kill()
            process.communicate()
        # the server holds a lock for as long as it lives
        assert not embedded.is_running(tmp_path / "redis")


def test_a_killed_one_leaves_nothing_to_the_next(
    redis_program: embedded.ServerBinary, tmp_path: Path
) -> None:
    """After kill -9 the next start has the same jobs, and its end is that of the Redis it found."""
    first = start(tmp_path, "--port", "0")
    second = None
    try:
        job = Client(url=url(first)).schedule(later())["id"]
        first.kill()
        first.communicate()
        assert embedded.is_running(tmp_path / "redis")
        second = start(tmp_path, "--port", "0")
        assert [one["id"] for one in Client(url=url(second)).jobs()["jobs"]] == [job]
        second.terminate()
        second.communicate(timeout=30)
        assert second.returncode == 0
    finally:
        for process in (first, second):
            if process is not None:
                process.kill()
                process.communicate()
    assert not embedded.is_running(tmp_path / "redis")


def later() -> dict[str, str]:
    """Give a job that is not due in this test."""
    at = datetime.now(UTC) + timedelta(hours=1)
    return {"docker_image": "busybox", "schedule": at.isoformat()}


def test_its_redis_is_started_again(redis_program: embedded.ServerBinary, tmp_path: Path) -> None:
    """A Redis of its own that was killed comes back with every job, and ends with it."""
    process = start(tmp_path, "--port", "0")
    try:
        client = Client(url=url(process))
        job = client.schedule(later())["id"]
        path = embedded.find_socket(tmp_path / "redis")
        with redis.Redis(unix_socket_path=str(path)) as server:
            os.kill(server.info("server")["process_id"], signal.SIGKILL)
        assert [one["id"] for one in jobs_within(client, 30)] == [job]
        process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()
    assert not embedded.is_running(tmp_path / "redis")


def jobs_within(client: Client, seconds: float) -> list[dict[str, Any]]:
    """Give the list as soon as the API has a store again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return list(client.jobs()["jobs"])
        except JobschedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.mark.parametrize("words", [["up"], ["init"]])
def test_a_bad_data_directory_is_one_sentence(tmp_path: Path, words: list[str]) -> None:
    """A file where the data directory should be is told in a sentence, without a traceback."""
    (tmp_path / "file").write_text("not a directory")
    variables = environment(DOCKER_HOST=NOWHERE, JOBSCHED_DATA_DIR=str(tmp_path / "file"))
    process = subprocess.run(
        [sys.executable, "-m", "jobsched", *words],
        env=variables,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert process.returncode == 2
    assert "cannot be used" in process.stderr
    assert "Traceback" not in process.stderr


def test_a_taken_port_is_one_sentence(
    redis_program: embedded.ServerBinary, tmp_path: Path, taken: int
) -> None:
    """A port that somebody has ends it with 2 and a sentence that names it; no Redis is left."""
    process = start(tmp_path, "--port", str(taken))
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    (said,) = [line for line in errors.splitlines() if line.startswith("Error: ")]
    assert f"127.0.0.1:{taken}" in said
    assert "Traceback" not in errors
    assert not embedded.is_running(tmp_path / "redis")


def test_others_need_a_token(tmp_path: Path) -> None:
    """Any address but loopback is refused without a token, before anything is started."""
    process = start(tmp_path, "--host", "0.0.0.0")  # noqa: S104 (it is refused)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "JOBSCHED_API_TOKEN" in errors
    assert not (tmp_path / "redis").exists()
