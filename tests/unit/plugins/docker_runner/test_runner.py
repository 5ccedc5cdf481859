"""What the runner says without any engine."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jobsched.domain.job import Access, Container, Instance
from jobsched.errors import RunnerFailed
from jobsched.plugins import docker_runner
from jobsched.plugins.docker_runner import DockerRunner, naming
from tests.unit.plugins.docker_runner.orders import order, settings
from tests.unit.plugins.lent import LentServices


@pytest.fixture
def runner(services: LentServices) -> DockerRunner:
    """The runner, as its hook brings it."""
    section = docker_runner.jobsched_config_schemas()["docker_runner"]().load(
        {"docker_host": "unix:///no/such.sock", "request_timeout": 0.1}
    )
    (brought,) = docker_runner.jobsched_runners({"docker_runner": section}, services)
    assert isinstance(brought, DockerRunner)
    return brought


def test_loading_the_plugin_imports_no_sdk() -> None:
    """The docker SDK takes 220 ms to import, which `jobsched --help` does not wait for."""
    code = "import sys, jobsched.plugins.docker_runner; print('docker' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        (None, {"container_id": None, "image_digest": None}),
        (Container(name="c"), {"container_id": None, "image_digest": None}),
        (
            Container(name="c", id="1", image="x@sha256:2"),
            {"container_id": "1", "image_digest": "x@sha256:2"},
        ),
    ],
)
def test_the_status_has_always_the_same_keys(
    runner: DockerRunner, container: Container | None, expected: dict[str, Any]
) -> None:
    """Nulls before there is a container, and where its id was lost."""
    assert runner.status(container) == expected


async def test_a_machine_without_an_engine_is_unknown_and_unreachable(
    runner: DockerRunner,
) -> None:
    """Where nothing answers, looking says unknown and doing says that it may have been done."""
    machine = Instance(id="m", access=Access(kind="this_host"))
    container = Container(name="c", id="1")

    assert (await runner.inspect(machine, container)).phase == "unknown"
    assert (await runner.withdraw(machine, container)).phase == "unknown"
    with pytest.raises(RunnerFailed) as failed:
        await runner.start(machine, container)
    assert failed.value.reason == "machine_unreachable"
    assert (failed.value.effect, failed.value.then) == ("unknown", "later")


async def test_a_machine_that_cannot_be_reached_yet_is_unknown(runner: DockerRunner) -> None:
    """Before the provider knows the way to a machine, nothing is known of its containers."""
    assert (await runner.inspect(Instance(id="m"), Container(name="c"))).phase == "unknown"


@pytest.mark.parametrize(
    ("access", "reason", "then"),
    [
        (Access(kind="ssh"), "configuration", "breaker"),
        (Access(kind="docker_tls", address="198.18.0.1", port=1), "configuration", "breaker"),
    ],
)
async def test_what_cannot_work_for_any_job_trips_the_breaker(
    runner: DockerRunner, access: Access, reason: str, then: str
) -> None:
    """A missing client certificate would fail ten thousand jobs one by one."""
    with pytest.raises(RunnerFailed) as failed:
        await runner.prepare(Instance(id="m", access=access), order())
    assert (failed.value.reason, failed.value.then) == (reason, then)


def test_a_withdrawn_container_keeps_its_given_name() -> None:
    """The core knows a container by the name that it chose."""
    assert naming.given_name("/jobsched-1-withdrawn") == "jobsched-1"
    assert naming.references(Container(name="c", id="1")) == ("1",)
    assert naming.references(Container(name="c")) == ("c", "c-withdrawn")


def test_settings_show_no_key() -> None:
    """Settings name files; they hold nothing secret."""
    assert "PRIVATE KEY" not in repr(settings(Path("/data")))
