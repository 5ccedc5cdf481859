"""A plugin that is one file works in every process of a deployment, and on the command line."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.acceptance.deployment import ARQ_WORKER, JOBSCHED, WORKER, Deployment, deployment
from tests.acceptance.product import WITHIN, environment
from tests.services import RedisServer

CODE = """\
import click

from jobsched import hookimpl
from jobsched.contracts.planner import Planner
from jobsched.domain.job import Plan


class AtOnce(Planner):
    name = "at_once"

    def plan(self, job, history, now):
        return Plan(provision_at=now, start_at=now, why="at once")


@hookimpl
def jobsched_planners():
    return [AtOnce()]


@hookimpl
def jobsched_startup(services):
    services.log.info("file.works")


@hookimpl
def jobsched_commands(cli):
    cli.add_command(click.Command("brew", callback=lambda: click.echo("from a file")))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a plugin that is named later, and one that would break everything."""
    with tempfile.TemporaryDirectory(prefix="jobsched-plugins-") as name:
        made = Path(name)
        (made / "acme.py").write_text(CODE)
        (made / "worst.py").write_text("raise SystemExit('nobody named me')\n")
        yield made


@pytest.fixture
def deployed(
    redis_server: RedisServer,
    docker_host: str,
    busybox_image: str,
    docker_client: docker.DockerClient,
    folder: Path,
) -> Iterator[Deployment]:
    """An API that names the file, still without a worker."""
    more = {
        "JOBSCHED_PLUGINS_DIR": str(folder),
        "JOBSCHED_PLUGINS": "local,docker_runner,acme",
    }
    of_engine = docker_host, busybox_image, docker_client
    with deployment(redis_server, *of_engine, is_forked=False, **more) as made:
        yield made


@pytest.mark.docker
@pytest.mark.redis
@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("words", [WORKER, ARQ_WORKER], ids=["jobsched worker", "arq"])
def test_a_file_works_in_api_and_worker(deployed: Deployment, words: tuple[str, ...]) -> None:
    """Both load it: the API takes a job for the file's planner, and it is planned so."""
    deployed.start_worker(*words)
    job = deployed.schedule("exit 0", planner="at_once")
    (found,) = deployed.ended(job)
    assert (found["status"], found["attempts"][0]["plan"]["why"]) == ("finished", "at once")
    for log in sorted(deployed.folder.glob("*.log")):
        assert "file.works" in log.read_text()


def run(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Type a command in an empty folder."""
    with tempfile.TemporaryDirectory() as empty:
        return subprocess.run(
            [*JOBSCHED, *words],
            check=False,
            cwd=empty,
            env=environment(JOBSCHED_PLUGINS_DIR=str(folder), **variables),
            capture_output=True,
            text=True,
            timeout=WITHIN,
        )


@pytest.mark.timeout(60)
def test_files_are_listed(folder: Path) -> None:
    """The named one is loaded and says where it lies; the other is told, and was not run."""
    found = run(folder, "plugins", "--json", JOBSCHED_PLUGINS="local,acme")
    assert found.returncode == 0, found.stderr
    told = {one["name"]: one for one in map(json.loads, found.stdout.splitlines())}
    acme = told["acme"]
    assert (acme["status"], acme["file"]) == ("loaded", str(folder / "acme.py"))
    assert acme["brings"]["planners"] == ["at_once"]
    assert told["worst"]["status"] == "not named"
    shown = run(folder, "plugins", JOBSCHED_PLUGINS="local,acme").stdout
    assert re.search(rf"^worst +not named +{folder}/worst\.py$", shown, re.MULTILINE)


@pytest.mark.timeout(60)
def test_a_files_command_works(folder: Path) -> None:
    """A command that a file brings is found, if the file is named."""
    named = run(folder, "brew", JOBSCHED_PLUGINS="local,acme")
    assert (named.returncode, named.stdout) == (0, "from a file\n"), named.stderr
    assert run(folder, "brew", JOBSCHED_PLUGINS="local").returncode == 2


@pytest.mark.timeout(60)
def test_an_open_folder_stops_the_start(folder: Path) -> None:
    """One sentence, and exit code 2: for the API, the worker and all in one."""
    folder.chmod(0o777)
    for word in ("up", "api", "worker", "plugins"):
        found = run(folder, word)
        assert found.returncode == 2, found.stderr
        assert f"everybody can write to {folder}: chmod go-w it" in found.stderr
        assert "Traceback" not in found.stderr
