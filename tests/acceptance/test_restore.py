"""Yesterday's Redis is put back: API, worker and command as processes, on a real server."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.deployment import JOBSCHED, Deployment, deployment, stop
from tests.acceptance.product import WITHIN
from tests.services import RedisServer

pytestmark = [pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(120)]

PROCESSES = {
    "JOBSCHED_PLUGINS": "local,process_runner",
    "JOBSCHED_RUNNER": "process_runner",
}
NOWHERE = "unix:///nowhere/docker.sock"


@pytest.fixture
def deployed(redis_server: RedisServer) -> Iterator[Deployment]:
    """An API whose jobs are processes of this machine, still without a worker."""
    with deployment(redis_server, NOWHERE, "none", is_forked=True, **PROCESSES) as made:
        yield made


def restore(deployed: Deployment, *words: str) -> subprocess.CompletedProcess[str]:
    """Type the command."""
    return subprocess.run(
        [*JOBSCHED, "restore", "--json", *words],
        check=False,
        cwd=deployed.folder,
        env=deployed.variables,
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )


def test_what_ran_since_the_backup_does_not_run_again(deployed: Deployment, tmp_path: Path) -> None:
    """It has failed (restored); the process that knew it is refused; what is ahead goes on (R9)."""
    files, backup = deployed.redis.folder / "appendonlydir", tmp_path / "backup"
    ran = tmp_path / "ran"
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    ahead = deployed.schedule("true", schedule=later)
    job = deployed.schedule(f"echo once >> {ran}", retry={"on": ["interruption", "error"]})
    shutil.copytree(files, backup)
    worker = deployed.start_worker()
    assert deployed.ended(job)[0]["status"] == "finished"
    early = restore(deployed, "--yes")
    assert (early.returncode, "1 worker lives in the store" in early.stderr) == (2, True), early
    assert stop(worker) == 0, deployed.logs()

    deployed.redis.kill()
    shutil.rmtree(files)
    shutil.copytree(backup, files)
    deployed.redis.start()
    deployed.until(lambda: deployed.status(job)["status"] == "scheduled")
    done = restore(deployed, "--yes")
    assert done.returncode == 0, done
    assert done.stdout == (
        '{"failed":1,"finishing":0,"watched":0,"ahead":1,"ended":0,"unreadable":[]}\n'
    )

    status, problem = deployed.post("true")
    assert (status, "start the process again" in problem["detail"]) == (503, True), problem
    assert stop(deployed.processes[0]) == 0
    deployed.start_api()
    deployed.start_worker()
    assert deployed.ended(deployed.schedule("true"))[0]["status"] == "finished"
    found = deployed.status(job)
    assert (found["status"], found["reason"]) == ("failed", "restored")
    assert "schedule it again" in found["message"]
    assert deployed.status(ahead)["status"] == "scheduled"
    assert ran.read_text() == "once\n"
