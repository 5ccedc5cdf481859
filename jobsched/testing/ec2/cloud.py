"""What the fake knows: its machines, volumes, tokens, calls, switches and clock."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from jobsched.testing.ec2.clock import MovableClock
from jobsched.testing.ec2.machine import Machine, Volume
from jobsched.testing.ec2.switches import Switches


class Cloud:
    """The whole state, under one lock that whoever calls holds for the effect of one call.

    Args:
        region: the one that is served.
        has_bodies: whether a machine runs when its body has started only.
        goes_with: the time that its clock goes with, in seconds.
        digits: gives the 17 hexadecimal digits of the next id.
    """

    def __init__(
        self,
        region: str,
        *,
        has_bodies: bool = False,
        goes_with: Callable[[], float] = time.time,
        digits: Callable[[], str] = lambda: secrets.token_hex(9)[:17],
    ) -> None:
        self.region = region
        self.has_bodies = has_bodies
        self._goes_with = goes_with
        self._digits = digits
        #: also told when the switches change, for calls that hang
        self.lock = threading.Condition(threading.RLock())
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.clock = MovableClock(self._goes_with)
        self.switches = Switches()
        #: of machines that are launched from now on
        self.boot_seconds: float = 0
        self.machines: dict[str, Machine] = {}
        #: how many machines there ever were
        self.launched = 0
        self.volumes: dict[str, Volume] = {}
        #: operation and token → (fingerprint of the parameters, answer, ids of its machines)
        self.tokens: dict[tuple[str, str], tuple[str, dict[str, Any], list[str]]] = {}
        self.calls: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def now(self) -> float:
        """Give the time of its clock."""
        return self.clock.now()

    def alive(self, market: str | None = None) -> list[Machine]:
        """Give the machines that cost money."""
        now = self.now()
        return [
            one
            for one in self.machines.values()
            if one.is_alive(now) and market in {None, one.market}
        ]

    def visible(self) -> list[Machine]:
        """Give the machines that calls find."""
        now = self.now()
        return [one for one in self.machines.values() if one.is_visible(now)]

    def new_id(self, kind: str) -> str:
        """Make an id as EC2's: a word for the kind, and 17 hexadecimal digits."""
        return f"{kind}-{self._digits()}"

    def forget(self, machine: Machine) -> None:
        """Forget a machine that has vanished, and its disks that went with it."""
        del self.machines[machine.id]
        now = self.now()
        for one in machine.volumes:
            if one in self.volumes and self.volumes[one].state(now) == "deleted":
                del self.volumes[one]


__all__ = ["Cloud"]
