"""What is done to a container after it was created: one request each. Blocking."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from jobsched.contracts.runner import ContainerStatus
from jobsched.domain.job import Container
from jobsched.errors import RunnerFailed
from jobsched.plugins.docker_runner import failure, naming, state
from jobsched.plugins.docker_runner.clients import Connection


def start(connection: Connection, container: Container) -> None:
    """Send the one start, by name: after a withdrawal there is nothing of that name.

    Raises:
        RunnerFailed: it may have started or not; only an inspect can tell.
    """
    try:
        connection.client.start(container.name)
    except failure.EngineRefused as error:
        if error.not_found and "no such container" in error.text.lower():
            raise RunnerFailed("container_gone", error.text, effect="unknown") from error
        # The engine's answers to a missing command are 400, 404 and 500, by version.
        raise RunnerFailed("start_failed", error.text, effect="unknown") from error


def inspect(connection: Connection, container: Container, deployment: str) -> ContainerStatus:
    """Look at the container. Only of the right engine is "not found" believed.

    Raises:
        RunnerFailed: no engine answers, or another one.
    """
    found = find(connection, container)
    if found is None:
        connection.confirm(anew=True)
        return ContainerStatus(phase="gone")
    if not naming.is_ours(
        found["Config"].get("Labels"), naming.wanted_labels(container, deployment)
    ):
        return ContainerStatus(phase="unknown", message="the container is another launch's")
    return state.status(found["State"], found["HostConfig"].get("Memory") or 0)


def find(connection: Connection, container: Container) -> Mapping[str, Any] | None:
    """Give the engine's description of the container, under whichever name it has now, or None."""
    for reference in naming.references(container):
        try:
            found: Mapping[str, Any] = connection.client.inspect_container(reference)
        except failure.EngineRefused as error:
            if error.not_found:
                continue
            raise failure.refused(error, f"inspect {reference}") from error
        if found["Id"] == container.id or found["Name"] == f"/{reference}":
            return found
    return None


def rename_away(connection: Connection, container: Container) -> None:
    """Take the name away that starts go by; nothing if that was done, or the container is gone.

    Raises:
        RunnerFailed: the engine refused, and the container still has its name.
    """
    withdrawn = container.name + naming.WITHDRAWN
    try:
        connection.client.rename(container.id or container.name, withdrawn)
    except failure.EngineRefused as error:
        # Its own name again is refused as a mistake, and a name in use as a conflict.
        found = find(connection, container)
        if found is not None and found["Name"] != f"/{withdrawn}":
            raise failure.refused(error, f"rename {container.name}") from error


def stop(connection: Connection, container: Container, grace: timedelta) -> None:
    """Send the stop signal, and after ``grace`` the kill; returns once the container has ended."""
    for reference in naming.references(container):
        try:
            # The SDK adds the grace to its time limit.
            connection.client.stop(reference, timeout=math.ceil(grace.total_seconds()))
        except failure.EngineRefused as error:
            if not error.not_found:
                raise failure.refused(error, f"stop {container.name}") from error


def remove(connection: Connection, container: Container, deployment: str) -> None:
    """Remove the container, running or not, with its volumes and under whichever name.

    Raises:
        RunnerFailed: it is still there, or is not ours to remove.
    """
    wanted = naming.wanted_labels(container, deployment)
    # By name there may be two: one that was withdrawn, and one that a late prepare made.
    while (found := find(connection, container)) is not None:
        if not naming.is_ours(found["Config"].get("Labels"), wanted):
            raise RunnerFailed("name_taken", f"the container {container.name} is another launch's")
        try:
            connection.client.remove_container(found["Id"], v=True, force=True)
        except failure.EngineRefused as error:
            if error.status == HTTPStatus.CONFLICT:
                raise RunnerFailed("removing", "the container is being removed") from error
            if not error.not_found:
                raise failure.refused(error, f"remove {container.name}") from error
    connection.confirm(anew=True)


__all__ = ["find", "inspect", "remove", "rename_away", "start", "stop"]
