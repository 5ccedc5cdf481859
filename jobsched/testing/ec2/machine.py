"""A machine and a volume of the fake: what was asked for, and their states as time goes by."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

#: EC2's numbers of the states
CODES: Final = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48}
NEVER: Final = math.inf


@dataclass(slots=True, kw_only=True)
class Machine:
    """One instance. Times are seconds of the fake's clock."""

    id: str
    #: the order in which they were launched
    number: int
    market: str
    type: str
    zone: str
    subnet: str
    vpc: str
    arch: str
    image: str
    #: ARN of its instance profile
    profile: str | None
    private_address: str
    public_address: str | None
    #: the launch's settings, as a launch template's data has them
    settings: dict[str, Any]
    tags: dict[str, str]
    security_groups: list[dict[str, str]]
    client_token: str | None
    fleet: str | None
    launched_at: float
    visible_at: float
    running_at: float
    #: US dollars an hour, at its launch
    price: str
    #: of a spot machine that was told of its end, two minutes ahead
    notice_at: float | None = None
    #: how much longer its body takes to boot; -1: for ever
    boot_seconds: float = 0
    #: of a spot machine that may be interrupted soon
    rebalance_at: float | None = None
    ending_at: float = NEVER
    terminated_at: float = NEVER
    vanishes_at: float = NEVER
    #: code and message of its end
    reason: tuple[str, str] | None = None
    volumes: list[str] = field(default_factory=list)

    def state(self, now: float) -> str:
        """Say what it is now."""
        if now >= self.terminated_at:
            return "terminated"
        if now >= self.ending_at:
            return "shutting-down"
        return "running" if now >= self.running_at else "pending"

    def is_alive(self, now: float) -> bool:
        """Whether it costs money and nobody has ended it."""
        return now < self.ending_at

    def is_over(self, now: float) -> bool:
        """Whether it has ended, and has no address any more."""
        return now >= self.terminated_at

    def is_visible(self, now: float) -> bool:
        """Whether calls find it."""
        return self.visible_at <= now < self.vanishes_at

    def end(self, at: float, code: str, message: str, *, lasting: float, shown: float) -> None:
        """Let it end; the first end counts, unless a later one comes earlier."""
        if at >= self.ending_at:
            return
        self.ending_at = at
        self.terminated_at = at + lasting
        self.vanishes_at = self.terminated_at + shown
        self.reason = (code, message)


@dataclass(slots=True, kw_only=True)
class Volume:
    """One disk of a machine, or one that belongs to none."""

    id: str
    machine: Machine | None
    device: str
    zone: str
    gib: int
    kind: str
    deletes: bool
    created_at: float
    tags: dict[str, str]
    #: somebody deleted it
    is_deleted: bool = False

    def state(self, now: float) -> str:
        """Say what it is now: in-use, available or deleted."""
        if self.is_deleted:
            return "deleted"
        if self.machine is None:
            return "available"
        if now < self.machine.terminated_at:
            return "in-use"
        return "deleted" if self.deletes else "available"


__all__ = ["CODES", "NEVER", "Machine", "Volume"]
