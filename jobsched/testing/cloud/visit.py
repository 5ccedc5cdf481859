"""Looking into a machine from outside, past its network: for tests, and for who repairs one."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence
from http import HTTPStatus

from docker.errors import APIError, NotFound

from jobsched.testing.cloud import console, engine, mark
from jobsched.testing.cloud.process import Ready


class Visit:
    """Looks at the bodies of one cloud; for one thread at a time.

    Args:
        ready: what its keeper has told.
    """

    def __init__(self, ready: Ready) -> None:
        self._cloud, self._folder = ready.cloud, ready.folder

    def bodies(self) -> list[str]:
        """Give the ids of the machines that have a body, running or not."""
        wanted = {"label": f"{mark.CLOUD}={self._cloud}"}
        with contextlib.closing(engine.connect()) as client:
            found = client.api.containers(all=True, filters=wanted)
        return sorted(one["Labels"][mark.MACHINE] for one in found)

    def run(self, machine: str, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command as root in a machine, and give what it wrote, errors among it.

        Raises:
            KeyError: it has no body that runs.
        """
        with contextlib.closing(engine.connect()) as client:
            try:
                made = client.api.exec_create(self._name(machine), list(command))
                written = client.api.exec_start(made["Id"])
            except APIError as error:
                # Not there, not started or not yet removed.
                if error.status_code == HTTPStatus.NOT_FOUND or "not running" in str(error):
                    raise KeyError(machine) from None
                raise
            code = client.api.exec_inspect(made["Id"])["ExitCode"]
        text = written.decode(errors="replace")
        return subprocess.CompletedProcess(list(command), -1 if code is None else code, text)

    def console(self, machine: str) -> str:
        """Give what a machine has written on its console, also when it is gone.

        Raises:
            KeyError: it never had a body.
        """
        with contextlib.closing(engine.connect()) as client:
            try:
                return console.plain(client.api.logs(self._name(machine)))
            except NotFound:
                path = console.path(self._folder, machine)
        if not path.exists():
            raise KeyError(machine)
        return path.read_text()

    def _name(self, machine: str) -> str:
        return f"{mark.PREFIX}{self._cloud}-{machine}"


__all__ = ["Visit"]
