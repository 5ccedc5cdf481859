"""The life of one machine's body, from the launch until it is gone; a thread for each."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from jobsched.testing.cloud.door import Door
from jobsched.testing.cloud.event import Event
from jobsched.testing.cloud.site import Machine, Site

#: seconds after which the next body may boot though this one has not told that it has
PATIENCE: Final = 15
#: seconds between two looks whether a machine that waits for its turn has ended
TURN: Final = 0.1

Tell = Callable[[Event], None]


class Life(threading.Thread):
    """Makes a body, and removes it when its machine has ended.

    Args:
        machine: as the fake tells it at its launch.
        site: where bodies stand.
        door: to tell the fake.
        tell: is told what happens.
        slots: so many bodies boot at one time.
        metadata: address and port of the metadata service.
        before: lives of machines that had its address: their bodies must be gone first.
    """

    def __init__(
        self,
        machine: Machine,
        site: Site,
        door: Door,
        tell: Tell,
        *,
        slots: threading.Semaphore,
        metadata: str,
        before: Sequence[Life] = (),
    ) -> None:
        super().__init__(name=machine["id"], daemon=True)
        self.machine = machine
        self._site, self._door, self._tell = site, door, tell
        self._slots, self._metadata = slots, metadata
        self._before = before
        self._since = time.monotonic()
        #: the machine has ended
        self._ended = threading.Event()
        #: nobody else need wait for its boot
        self._booted = threading.Event()

    def happened(self, what: str, detail: str = "") -> None:
        """Tell what happened to it."""
        seconds = round(time.monotonic() - self._since, 3)
        self._tell(Event(machine=self.machine["id"], what=what, seconds=seconds, detail=detail))

    def booted(self) -> None:
        """Its user data comes next."""
        if not self._booted.is_set():
            self._booted.set()
            self.happened("booted")

    def end(self) -> None:
        """Its machine has ended: the body goes. May be repeated."""
        self._ended.set()
        self._booted.set()

    def run(self) -> None:
        """Live."""
        self.happened("launched")
        try:
            self._live()
        except Exception as error:  # noqa: BLE001  # whatever it is, the machine must not stay
            self.happened("failed", str(error))
            with contextlib.suppress(OSError):
                code = "Server.InternalError"
                self._door.end(self.machine["id"], code, "its body could not be made")
        self._ended.wait()
        try:
            self._site.remove(self.machine["id"])
        except Exception as error:  # noqa: BLE001  # what is left goes with the cloud
            self.happened("failed", str(error))
        else:
            self.happened("gone")

    def _live(self) -> None:
        seconds = self.machine["boot_seconds"]
        if seconds:
            # It runs, as a machine does whose system still boots.
            self._door.embody(self.machine["id"])
            self._ended.wait(None if seconds < 0 else seconds)
        for one in self._before:
            one.join()
        while not self._slots.acquire(timeout=TURN):
            if self._ended.is_set():
                return
        try:
            if not self._ended.is_set():
                self._boot()
        finally:
            self._slots.release()

    def _boot(self) -> None:
        self._site.make(self.machine, self._metadata)
        self.happened("started")
        self._door.embody(self.machine["id"])
        self._booted.wait(PATIENCE)


__all__ = ["Life"]
