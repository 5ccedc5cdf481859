"""The Docker Engine of this environment, and its sentence where there is none."""

from __future__ import annotations

import os
import socket

import docker
from docker.errors import DockerException

from jobsched.testing.cloud.trouble import NoEngine

#: seconds that the engine may take for an answer
TIMEOUT = 60
USUAL = "unix:///var/run/docker.sock"


def connect(timeout: int = TIMEOUT) -> docker.DockerClient:
    """Give a client of the engine of DOCKER_HOST, else of the usual socket; for one thread.

    Raises:
        NoEngine: none answers.
    """
    where = os.environ.get("DOCKER_HOST") or USUAL
    try:
        if where.startswith("unix://"):
            _knock(where.removeprefix("unix://"))
        return docker.DockerClient.from_env(timeout=timeout)
    except PermissionError as error:
        raise NoEngine(
            f"you may not use the Docker Engine at {where}: be in its group (docker), or root"
        ) from error
    except (DockerException, OSError) as error:
        raise NoEngine(
            f"no Docker Engine answers at {where}: start one, or name another by DOCKER_HOST"
        ) from error


def _knock(path: str) -> None:
    # The SDK's client leaves a socket open when nobody answers.
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(path)


__all__ = ["connect"]
