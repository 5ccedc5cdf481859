"""Nothing is left of a local cloud, however it ends; and several of them run at one time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import docker
import pytest

from jobsched.testing.cloud import LocalCloud
from tests.clouds import launch, local_cloud, until

JOBSCHED = [sys.executable, "-m", "jobsched", "cloud", "--json"]


@contextmanager
def _command(cloud: LocalCloud) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run `jobsched cloud`; give it and what it told at its start.

    Args:
        cloud: the image of its machines is made by now.
    """
    process = subprocess.Popen(
        JOBSCHED, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        yield process, json.loads(line)
    finally:
        process.kill()
        process.communicate()


def _launch(told: dict[str, Any]) -> str:
    """Launch a machine on a cloud that a command runs."""
    keys = told["environment"]
    made = boto3.client(
        "ec2",
        endpoint_url=told["url"],
        region_name=keys["AWS_REGION"],
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    with closing(made) as ec2:
        return str(launch(ec2)["InstanceId"])


def _left(engine: docker.DockerClient, name: str) -> list[str]:
    """Name what the engine has of a cloud."""
    wanted = {"label": f"jobsched.cloud={name}"}
    found = engine.api.containers(all=True, filters=wanted) + engine.api.networks(filters=wanted)
    volumes = engine.api.volumes(filters=wanted)["Volumes"] or []
    return [one["Id"] for one in found] + [one["Name"] for one in volumes]


def _folders(name: str) -> list[Path]:
    import tempfile

    return list(Path(tempfile.gettempdir()).glob(f"jobsched-cloud-{name}"))


def _started(process: subprocess.Popen[str], machine: str) -> None:
    """Wait until the command tells that a machine's body has started."""
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line) | {"seconds": 0} == {
            "machine": machine,
            "event": "started",
            "seconds": 0,
        }:
            return
    pytest.fail("the cloud ended")


def _keepers(process: subprocess.Popen[str]) -> list[int]:
    """Give the processes of a command that keep machines."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(process.pid)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [int(one.split()[0]) for one in listed.splitlines() if "testing.cloud" in one]


@pytest.mark.parametrize("told_by", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_and_nothing_is_left(
    cloud: LocalCloud, docker_client: docker.DockerClient, told_by: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM end `jobsched cloud` with 0, with a machine in the middle of its boot."""
    with _command(cloud) as (process, told):
        assert told["gateway"] != cloud.gateway
        _started(process, _launch(told))
        assert len(_left(docker_client, told["cloud"])) == 3
        # As a terminal does: to the whole group.
        os.killpg(process.pid, told_by)
        process.wait(60)
        assert process.returncode == 0, process.stderr.read() if process.stderr else ""
        assert _left(docker_client, told["cloud"]) == []
        assert _folders(told["cloud"]) == []


def test_a_killed_command_leaves_nothing(
    cloud: LocalCloud, docker_client: docker.DockerClient
) -> None:
    """Whoever started the cloud is killed: the keeper takes everything away by itself."""
    with _command(cloud) as (process, told):
        _started(process, _launch(told))
        process.kill()
        until("nothing is left", lambda: not _left(docker_client, told["cloud"]))
        until("its folder is gone", lambda: not _folders(told["cloud"]))


def test_what_a_killed_keeper_leaves_is_swept(
    cloud: LocalCloud, ec2: Any, docker_client: docker.DockerClient
) -> None:
    """Keeper and command are killed: the next start removes what they left, and nothing else."""
    mine = launch(ec2)["InstanceId"]
    until("a machine of a living cloud", lambda: mine in cloud.bodies())
    with _command(cloud) as (process, told):
        _started(process, _launch(told))
        (keeper,) = _keepers(process)
        # Neither of them sees the other one's end.
        os.kill(process.pid, signal.SIGSTOP)
        os.kill(keeper, signal.SIGKILL)
        process.kill()

    with local_cloud(images=()) as other:
        assert _left(docker_client, told["cloud"]) == []
        assert other.gateway != cloud.gateway
        assert mine in cloud.bodies()
    assert _folders(told["cloud"]) == []
    ec2.terminate_instances(InstanceIds=[mine])


def test_a_killed_keeper_is_cleaned_up_after(
    cloud: LocalCloud, docker_client: docker.DockerClient
) -> None:
    """Without its keeper a cloud is none: the command says so, ends with 1 and leaves nothing."""
    with _command(cloud) as (process, told):
        assert len(_left(docker_client, told["cloud"])) == 1
        (keeper,) = _keepers(process)
        os.kill(keeper, signal.SIGKILL)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "the process that keeps the machines has ended" in said
        assert _left(docker_client, told["cloud"]) == []
        assert _folders(told["cloud"]) == []


def test_an_error_in_a_test_leaves_nothing(docker_client: docker.DockerClient) -> None:
    """An exception in the block takes everything away, and is the one that is seen."""
    with contextlib.suppress(ZeroDivisionError), local_cloud(images=()) as cloud:
        raise ZeroDivisionError
    assert _left(docker_client, cloud.name) == []
    with pytest.raises(RuntimeError, match="with LocalCloud"):
        LocalCloud().ec2  # noqa: B018  # asking is what is tried
