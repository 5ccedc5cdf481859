"""Machines of the fake EC2 have no body: here is what says for them that they are ready."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from jobsched.testing.ec2 import FakeEc2, Machine
from tests.acceptance.product import WITHIN

CALLBACK_TOKEN = re.compile(r"^JOBSCHED_CALLBACK_TOKEN='?([^'\s]+)", re.MULTILINE)
JOB = "jobsched:job"
#: seconds between two looks
TURN = 0.1


@dataclass(kw_only=True)
class Booter:
    """Posts ``update`` for each machine as soon as it runs, with the token in its user data."""

    ec2: FakeEc2
    #: of the API
    url: str
    #: machines that have said so
    ready: set[str] = field(default_factory=set)
    _failed: list[BaseException] = field(default_factory=list)
    _ending: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._live)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join()
        assert self._failed == []

    def until_nothing_is_alive(self) -> None:
        """Wait for the end of all machines."""
        deadline = time.monotonic() + WITHIN
        while alive := self.ec2.alive():
            assert time.monotonic() < deadline, alive
            time.sleep(TURN)

    def _live(self) -> None:
        while not self._ending.wait(TURN):
            try:
                self._turn()
            except Exception as error:  # a thread's failure is the test's
                self._failed.append(error)
                return

    def _turn(self) -> None:
        # all that ever were, with their user data, may be hundreds: only the silent ones are read
        for silent in set(self.ec2.alive()) - self.ready:
            machine = self.ec2.machine(silent)
            if machine.state == "running":
                self._speak(machine)

    def _speak(self, machine: Machine) -> None:
        try:
            self.say(machine, "update")
            self.ready.add(machine.id)
        except urllib.error.HTTPError as error:
            with error:
                # not on record yet, or over: said again, as a machine does
                if error.code not in {410, 503}:
                    raise

    def say(self, machine: Machine, action: str, **fields: str) -> None:
        """Post an action, as the agent on the machine does.

        Raises:
            urllib.error.HTTPError: the API took it not.
        """
        token = CALLBACK_TOKEN.search(machine.user_data)
        assert token, machine.user_data
        about = {"job_id": machine.tags[JOB], "instance_id": machine.id}
        said = {"action": action, **about, **fields}
        request = urllib.request.Request(  # noqa: S310 - our own API
            f"{self.url}/callback",
            data=json.dumps(said).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {token[1]}"},
        )
        with urllib.request.urlopen(request, timeout=WITHIN):  # noqa: S310
            pass


__all__ = ["Booter"]
