"""Bodies that are containers of the Docker Engine of this environment."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from requests.exceptions import RequestException

from jobsched.testing.cloud import body, console, engine, leftover, mark, network
from jobsched.testing.cloud.mark import Mark
from jobsched.testing.cloud.site import Ending, Machine
from jobsched.testing.cloud.trouble import CannotRun

#: what `reboot` lets a container end with: the first process is killed by SIGHUP
REBOOT = "129"
MANY = 8
#: seconds until the engine is asked for its events anew
PAUSE = 0.5


class DockerSite:
    """A network of the engine, and the machines on it.

    Args:
        mine: labels and names of everything that is made.
        image: that machines boot from.
        images: names of images of the engine that the machines' own engines get.
        mode: how they boot, `systemd` or `light`.

    Raises:
        CannotRun: there is no engine, no free range of addresses, or not one of the images.
    """

    def __init__(self, mine: Mark, image: str, images: Iterable[str], mode: str) -> None:
        self._mark = mine
        self._image = image
        self._mode = mode
        # A boot of systemd is busy for two seconds: more of them than processors only take longer.
        self.boots_at_once = MANY if mode == "light" else max(2, os.cpu_count() or 2)
        with contextlib.closing(engine.connect()) as client:
            leftover.sweep(client)
            self._images = _saved(client, images)
            self.network = network.make(client, mine)
        self._events: Any = None
        self._is_closed = False

    def make(self, machine: Machine, metadata: str) -> None:
        """Make a container and start it."""
        with contextlib.closing(engine.connect()) as client:
            body.create(
                client,
                self._mark,
                machine,
                image=self._image,
                metadata=metadata,
                images=self._images,
                mode=self._mode,
            )
            client.api.start(self._mark.name_of(machine["id"]))

    def boot_again(self, machine: str) -> None:
        """Start a container that has rebooted."""
        with contextlib.closing(engine.connect()) as client, contextlib.suppress(NotFound):
            client.api.start(self._mark.name_of(machine))

    def remove(self, machine: str) -> None:
        """Kill and remove a container, with its volume."""
        name = self._mark.name_of(machine)
        # It may be gone, or going: whatever is left goes with the cloud.
        with contextlib.closing(engine.connect()) as client, contextlib.suppress(APIError):
            with contextlib.suppress(APIError):
                client.api.kill(name)
            console.keep(self._mark.folder, machine, client.api.logs(name))
            client.api.remove_container(name, force=True, v=True)

    def watch(self, ended: Callable[[str, Ending], None]) -> None:
        """Read the engine's events."""
        mine = f"{mark.CLOUD}={self._mark.cloud}"
        while not self._is_closed:
            # The stream ends with the engine, which may be started again.
            with contextlib.suppress(CannotRun, DockerException, RequestException, OSError):
                self._watch(mine, ended)
            time.sleep(PAUSE)

    def _watch(self, mine: str, ended: Callable[[str, Ending], None]) -> None:
        with contextlib.closing(engine.connect()) as client:
            wanted = {"label": mine, "type": "container", "event": "die"}
            self._events = events = client.events(filters=wanted, decode=True)
            # Who ended before that, or while there was no stream.
            for one in client.api.containers(filters={"label": mine, "status": "exited"}):
                code = client.api.inspect_container(one["Id"])["State"]["ExitCode"]
                ended(one["Labels"][mark.MACHINE], _ending(str(code)))
            for event in events:
                told = event["Actor"]["Attributes"]
                ended(told[mark.MACHINE], _ending(told.get("exitCode", "")))

    def close(self) -> None:
        """Remove containers, network and volumes."""
        with contextlib.closing(engine.connect()) as client:
            leftover.remove(client, self._mark.cloud)
        self._is_closed = True
        if self._events is not None:
            with contextlib.suppress(DockerException, RequestException, OSError):
                self._events.close()


def _ending(code: str) -> Ending:
    return Ending.REBOOTED if code == REBOOT else Ending.POWERED_OFF


def _saved(client: docker.DockerClient, names: Iterable[str]) -> list[bytes]:
    """Give a tar of each image, as `docker load` takes it."""
    found = []
    for name in names:
        try:
            client.images.get(name)
        except ImageNotFound:
            _pull(client, name)
        except APIError as error:
            raise CannotRun(
                f"the engine cannot use the image {name!r}: {error.explanation}"
            ) from error
        found.append(b"".join(client.api.get_image(name)))
    return found


def _pull(client: docker.DockerClient, name: str) -> None:
    try:
        client.images.pull(name)
    except DockerException as error:
        raise CannotRun(
            f"the engine has no image {name}, which machines are to have, and cannot pull it: "
            f"build or load it there first"
        ) from error


__all__ = ["DockerSite"]
