"""One client for each thread and engine, and whether it is still the engine that was meant."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jobsched.domain.job import Access
from jobsched.errors import RunnerFailed
from jobsched.plugins.docker_runner import failure
from jobsched.plugins.docker_runner.config import Settings

if TYPE_CHECKING:
    from jobsched.plugins.docker_runner.client import Client

#: An engine's id costs it 10 ms to tell, and nobody replaces an engine behind a socket within this
#: time.
BELIEVED_SECONDS = 5.0
#: Clients of one thread; machines come and go.
MOST = 16

Key = tuple[str, str, str, int, str, str]


class Connection:
    """A client, and when its engine last said who it is."""

    def __init__(self, client: Client, host_id: str) -> None:
        self.client = client
        self._host_id = host_id
        self._believed_until = 0.0

    def confirm(self, *, anew: bool = False) -> None:
        """Compare the engine's id with the wanted one, if one is known.

        Args:
            anew: ask even if it was just told: before "not found" is believed.

        Raises:
            RunnerFailed: it is another engine.
        """
        if not self._host_id or (not anew and time.monotonic() < self._believed_until):
            return
        told = self.client.info().get("ID")
        if told != self._host_id:
            raise failure.wrong_host(f"the engine {told} answers in the place of {self._host_id}")
        self._believed_until = time.monotonic() + BELIEVED_SECONDS


class Clients(threading.local):
    """The clients of the thread that asks: the SDK's are not safe to share."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connections: OrderedDict[Key, Connection] = OrderedDict()

    @contextmanager
    def use(self, access: Access | None) -> Iterator[Connection]:
        """Lend the confirmed connection to a machine; one that broke is not used again.

        Raises:
            RunnerFailed: the engine does not answer, or is another one.
        """
        if access is None:
            raise failure.unreachable("nobody knows yet how to reach the machine")
        try:
            connection = self._take(access)
            connection.confirm()
            yield connection
        except RunnerFailed as error:
            if error.reason in {"machine_unreachable", "wrong_host"}:
                self._forget(_key(access))
            raise

    def _take(self, access: Access) -> Connection:
        key = _key(access)
        if key not in self._connections:
            # Imported at the first use, in a thread: it takes 220 ms, and most processes never
            # need it.
            from jobsched.plugins.docker_runner.client import connect  # noqa: PLC0415

            while len(self._connections) >= MOST:
                self._forget(next(iter(self._connections)))
            try:
                client = connect(access, self._settings)
            except failure.EngineRefused as error:
                raise failure.refused(error, "connect") from error
            self._connections[key] = Connection(client, _wanted_id(access))
        self._connections.move_to_end(key)
        return self._connections[key]

    def _forget(self, key: Key) -> None:
        if (connection := self._connections.pop(key, None)) is not None:
            connection.client.close()


def _key(access: Access) -> Key:
    return (
        access.kind,
        access.host_id,
        access.address,
        access.port,
        access.certificate,
        access.docker_url,
    )


def _wanted_id(access: Access) -> str:
    # A provider that could not ask the engine names the machine: there is no id to compare.
    return "" if access.host_id == access.state.get("machine_id") else access.host_id


__all__ = ["Clients", "Connection"]
