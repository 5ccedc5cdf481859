"""The file in which a container is told what becomes of its machine. Blocking."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Sequence
from http import HTTPStatus

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import INTERRUPTION_FILE
from jobsched.domain.job import Container
from jobsched.plugins.docker_runner import failure, naming
from jobsched.plugins.docker_runner.clients import Connection

FOLDER = "/run/jobsched"
PATH = f"{FOLDER}/interruption.json"
#: where the file is put → what of its path must be made there. An archive may only be put where
#: there is a folder: many images have no ``/run`` (busybox), and one that is read-only takes it in
#: its volume alone. So ours is tried first, and nothing is changed that the image has.
PLACES = ((FOLDER, ()), ("/run", ("jobsched",)), ("/", ("run", "run/jobsched")))


def environment(order: ContainerOrder) -> tuple[str, ...]:
    """Give the container's environment: the order's, and where the file will be."""
    if any(entry.partition("=")[0] == INTERRUPTION_FILE for entry in order.environment):
        return order.environment
    return (*order.environment, f"{INTERRUPTION_FILE}={PATH}")


def volumes(order: ContainerOrder) -> dict[str, dict[str, str]]:
    """Give the container's own volumes: a place for the file where all else is read-only.

    It is anonymous: removed with the container, and no path of the host.
    """
    return {FOLDER: {}} if order.options.get("read_only") else {}


def put(connection: Connection, container: Container, document: bytes) -> None:
    """Put the file into the container; nothing if that has ended or is gone.

    Raises:
        RunnerFailed: the engine refused, or does not answer.
    """
    for reference in naming.references(container):
        for place, folders in PLACES:
            try:
                connection.client.put_archive(reference, place, _archive(folders, document))
            except failure.EngineRefused as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise failure.refused(error, f"put a file into {reference}") from error
                # no such folder; or, as each container has "/", no such container
                continue
            return
    connection.confirm(anew=True)


def _archive(folders: Sequence[str], document: bytes) -> bytes:
    """Make what the engine unpacks: readable for every user of the container."""
    name = "/".join((*folders[-1:], PATH.rpartition("/")[2]))
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for folder in folders:
            archive.addfile(_entry(folder, mode=0o755, kind=tarfile.DIRTYPE))
        file = _entry(name, mode=0o644, kind=tarfile.REGTYPE)
        file.size = len(document)
        archive.addfile(file, io.BytesIO(document))
    return whole.getvalue()


def _entry(name: str, *, mode: int, kind: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.type, entry.mtime = mode, kind, int(time.time())
    return entry


__all__ = ["FOLDER", "PATH", "environment", "put", "volumes"]
