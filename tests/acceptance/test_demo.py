"""`jobsched demo` as a user runs it."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from jobsched import embedded
from tests.acceptance.product import environment

pytestmark = [pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(120)]

NAMES = ["now", "in-3-seconds", "fails", "cancelled"]
NOWHERE = "unix:///nowhere/docker.sock"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name: what the demo makes in it holds a unix socket."""
    made = Path(tempfile.mkdtemp(prefix="jd-"))
    yield made
    shutil.rmtree(made)


def demo(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run it, with its temporary files in a folder of the test's."""
    return subprocess.run(
        [sys.executable, "-m", "jobsched", "demo", *words],
        check=False,
        env=environment(TMPDIR=str(folder), **more),
        capture_output=True,
        text=True,
        timeout=100,
    )


def check_ends(found: subprocess.CompletedProcess[str]) -> None:
    """See that all four jobs ended as they should."""
    jobs = [json.loads(line) for line in found.stdout.splitlines()]
    assert [job["name"] for job in jobs] == NAMES, found.stderr
    ends = [(job["status"], job["exit_code"]) for job in jobs[:3]]
    assert ends == [("finished", 0), ("finished", 0), ("failed", 3)]
    assert (jobs[3]["status"], jobs[3]["reason"]) == ("cancelled", "cancelled")
    assert all(job["as_expected"] for job in jobs)
    assert "hello from the job named now" in jobs[0]["logs"]
    # not before its time, which is three seconds ahead
    assert jobs[1]["lateness"] >= 0


@pytest.mark.docker
def test_four_jobs_run_on_the_engine(
    redis_program: embedded.ServerBinary, docker_host: str, busybox_image: str, folder: Path
) -> None:
    """With an engine the demo runs on it, shows the four jobs, ends with 0, and leaves nothing."""
    found = demo(
        *(folder, "--image", busybox_image),
        DOCKER_HOST=docker_host,
        JOBSCHED_DEMO_REQUIRE="docker",
    )
    assert found.returncode == 0, found.stderr
    lines = found.stdout.splitlines()
    rows = {line.split()[1]: line.split()[2:4] for line in lines[1:5]}
    assert rows["now"] == rows["in-3-seconds"] == ["finished", "0"]
    assert rows["fails"] == ["failed", "3"]
    assert rows["cancelled"][0] == "cancelled"
    assert [f"logs of {name}" in lines for name in NAMES] == [True] * 4
    assert any("/schedule" in line and "curl" in line for line in lines)
    assert list(folder.iterdir()) == []


def test_without_an_engine_it_says_so(redis_program: embedded.ServerBinary, folder: Path) -> None:
    """Where no engine answers one line says so, the jobs run as processes, and all ends well."""
    found = demo(folder, "--json", DOCKER_HOST=NOWHERE)
    assert found.returncode == 0, found.stderr
    assert found.stderr.splitlines()[0].startswith(f"no Docker Engine answers at {NOWHERE}")
    check_ends(found)


@pytest.mark.docker
def test_as_json_it_is_an_object_a_job(
    redis_program: embedded.ServerBinary, docker_host: str, busybox_image: str, folder: Path
) -> None:
    """--json gives one object for each job, and nothing else."""
    found = demo(folder, "--json", "--image", busybox_image, DOCKER_HOST=docker_host)
    assert found.returncode == 0, found.stderr
    check_ends(found)


@pytest.mark.docker
def test_ctrl_c_leaves_nothing(
    redis_program: embedded.ServerBinary,
    docker_client: docker.DockerClient,
    docker_host: str,
    busybox_image: str,
    folder: Path,
) -> None:
    """Ctrl-C while a job runs ends with 130; no container and no file is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jobsched", "demo", "--image", busybox_image],
        env=environment(TMPDIR=str(folder), DOCKER_HOST=docker_host),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        while "running" not in (line := process.stderr.readline()):
            assert line, "it ended before a job ran"
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 130
    finally:
        process.kill()
        process.communicate()
    left = docker_client.containers.list(
        ignore_removed=True, all=True, filters={"ancestor": busybox_image}
    )
    assert left == []
    assert list(folder.iterdir()) == []


@pytest.mark.redis
def test_a_killed_demo_leaves_no_process(
    redis_program: embedded.ServerBinary, folder: Path
) -> None:
    """Killed while a job runs, it takes its server with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jobsched", "demo"],
        env=environment(TMPDIR=str(folder), DOCKER_HOST=NOWHERE),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        while "running" not in (line := process.stderr.readline()):
            assert line, "it ended before a job ran"
        (server,) = children(process.pid)
    finally:
        process.kill()
        process.communicate()
    deadline = time.monotonic() + 40
    while Path(f"/proc/{server}").exists():
        assert time.monotonic() < deadline, "its server goes on"
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    """Give the numbers of the processes that a process has started, and that still are."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)],
        check=False,
        capture_output=True,
        text=True,
    )
    return [int(word) for word in found.stdout.split()]


def test_a_required_engine_is_required(folder: Path) -> None:
    """With JOBSCHED_DEMO_REQUIRE=docker a fall-back ends with 1, before anything is started."""
    found = demo(folder, DOCKER_HOST=NOWHERE, JOBSCHED_DEMO_REQUIRE="docker")
    assert (found.returncode, found.stdout) == (1, "")
    assert "JOBSCHED_DEMO_REQUIRE=docker" in found.stderr
