"""A real Docker Engine: what :class:`jobsched_static_hosts.engine.Engine` says, as requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus

from jobsched_static_hosts.client import Client, Declined, client
from jobsched_static_hosts.engine import Connect, Found
from jobsched_static_hosts.host import Credentials, Host

#: An engine may have no image at all, and the hosts may reach no registry.
IMAGE, TAG = "jobsched-lease", "1"
#: The end of a tar archive: an image with nothing in it.
EMPTY = bytes(1024)
#: What the runner labels containers of jobs with.
JOB = "jobsched.job"


class DockerEngine:
    """Containers are leases, empty volumes are marks: both have labels, neither runs anything."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def id(self) -> str:
        """Give the engine's own id."""
        return str(self._client.info()["ID"])

    def create(self, name: str, labels: Mapping[str, str]) -> bool:
        """Create a container that is never started; False: the name is taken."""
        try:
            self._create(name, labels)
        except Declined as error:
            if error.status == HTTPStatus.CONFLICT:
                return False
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            self._client.import_image_from_data(EMPTY, repository=IMAGE, tag=TAG)
            return self.create(name, labels)
        return True

    def _create(self, name: str, labels: Mapping[str, str]) -> None:
        self._client.create_container(
            f"{IMAGE}:{TAG}",
            command=["nothing"],
            name=name,
            labels=dict(labels),
            network_disabled=True,
        )

    def find(self, name: str) -> Found | None:
        """Look for a container by its name."""
        try:
            found = self._client.inspect_container(name)
        except Declined as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return Found(id=found["Id"], labels=found["Config"]["Labels"] or {})

    def remove(self, container_id: str) -> None:
        """Remove a container; one that is gone already, or is just being removed, is fine."""
        with _fine(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
            self._client.remove_container(container_id, force=True)

    def has_jobs(self) -> bool:
        """Say whether there is a container of any job, running or not, of any deployment."""
        return bool(self._client.containers(all=True, filters={"label": [JOB]}))

    def mark(self, name: str, labels: Mapping[str, str]) -> None:
        """Create an empty volume; the engine leaves one of that name as it is."""
        self._client.create_volume(name, labels=dict(labels))

    def marks(self, label: str) -> Mapping[str, Mapping[str, str]]:
        """Give the labels of the volumes that have a label."""
        found = self._client.volumes(filters={"label": [label]})["Volumes"] or []
        return {volume["Name"]: volume["Labels"] or {} for volume in found}

    def unmark(self, name: str) -> None:
        """Remove a volume; one that is gone already is fine."""
        with _fine(HTTPStatus.NOT_FOUND):
            self._client.remove_volume(name)


@contextmanager
def _fine(*statuses: int) -> Iterator[None]:
    try:
        yield
    except Declined as error:
        if error.status not in statuses:
            raise


def connector(credentials: Credentials, seconds: float) -> Connect:
    """Make what opens connections: one for each use, as the SDK's clients belong to one thread.

    Args:
        credentials: what hosts are shown.
        seconds: how long a host may be silent.
    """

    @contextmanager
    def connect(host: Host) -> Iterator[DockerEngine]:
        with client(host, credentials, seconds) as opened:
            yield DockerEngine(opened)

    return connect


__all__ = ["DockerEngine", "connector"]
