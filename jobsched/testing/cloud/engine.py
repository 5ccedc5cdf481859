"""The Docker Engine of this environment, and its sentence where there is none."""

from __future__ import annotations

import os

import docker
from docker.errors import DockerException

from jobsched.testing.cloud.trouble import NoEngine

#: seconds that the engine may take for an answer
TIMEOUT = 60


def connect(timeout: int = TIMEOUT) -> docker.DockerClient:
    """Give a client of the engine of DOCKER_HOST, else of the usual socket; for one thread.

    Raises:
        NoEngine: none answers.
    """
    try:
        return docker.DockerClient.from_env(timeout=timeout)
    except DockerException as error:
        where = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
        raise NoEngine(
            f"no Docker Engine answers at {where}: start one, or name another by DOCKER_HOST"
        ) from error


__all__ = ["connect"]
