"""Removing what a cloud has made: its own at its end, and that of clouds that were killed."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, NotFound

from jobsched.testing.cloud import mark
from jobsched.testing.cloud.mark import Mark


def remove(client: docker.DockerClient, cloud: str) -> None:
    """Remove all containers, networks and volumes of a cloud. May be repeated.

    Raises:
        APIError: the engine does not do it.
    """
    wanted = {"label": f"{mark.CLOUD}={cloud}"}
    for one in client.api.containers(all=True, filters=wanted):
        with contextlib.suppress(NotFound):
            client.api.remove_container(one["Id"], force=True, v=True)
    for network in client.api.networks(filters=wanted):
        with contextlib.suppress(NotFound):
            client.api.remove_network(network["Id"])
    for volume in _volumes(client, wanted):
        with contextlib.suppress(NotFound):
            client.api.remove_volume(volume["Name"], force=True)


def sweep(client: docker.DockerClient) -> list[str]:
    """Remove what dead clouds of this host have left on the engine; give their names.

    Clouds whose keeper runs, and those of other hosts on a shared engine, are left alone.
    """
    dead = {one for one in _found(client) if not mark.lives(one.folder)}
    for one in dead:
        # Two that start at one time may sweep the same: who comes second finds less, or a conflict.
        with contextlib.suppress(APIError):
            remove(client, one.cloud)
            one.forget()
    for folder in Path(tempfile.gettempdir()).glob(f"{mark.PREFIX}*"):
        if not mark.lives(folder) and (folder / "lock").exists():
            Mark(cloud="", folder=folder, host="").forget()
    return sorted(one.cloud for one in dead)


def _found(client: docker.DockerClient) -> list[Mark]:
    wanted = {"label": mark.CLOUD}
    things = [*client.api.containers(all=True, filters=wanted)]
    things += [*client.api.networks(filters=wanted), *_volumes(client, wanted)]
    found = [mark.read(one.get("Labels") or {}) for one in things]
    return [one for one in found if one is not None]


def _volumes(client: docker.DockerClient, wanted: dict[str, str]) -> list[dict[str, Any]]:
    return list(client.api.volumes(filters=wanted)["Volumes"] or ())


__all__ = ["remove", "sweep"]
