"""The door for bodies: a cloud gives each machine something that boots, and follows the fake here.

A fake that `has_bodies` lets a machine run when its body has started, not before.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, Final

from jobsched.testing.ec2.clock import written
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.machine import NEVER, Machine

#: seconds that a caller waits for a change at most
PATIENCE: Final = 20


def running_at(cloud: Cloud, launched_at: float) -> float:
    """Say when a machine runs that is launched now; never by itself if it waits for its body."""
    pending = cloud.switches.pending_seconds
    return NEVER if cloud.has_bodies or pending < 0 else launched_at + pending


def embody(cloud: Cloud, machine: Machine) -> None:
    """Let a machine run whose body has started: now, or when its pending seconds are over."""
    pending = cloud.switches.pending_seconds
    if pending >= 0:
        earliest = max(cloud.now(), machine.launched_at + pending)
        machine.running_at = min(machine.running_at, earliest)


def follow(cloud: Cloud, known: str) -> dict[str, Any]:
    """Give the machines that need a body, as soon as they differ from those that are known.

    Args:
        cloud: its lock is held, and given up while this waits.
        known: the `version` of an earlier answer; of none: this one is given at once.
    """
    deadline = cloud.now() + PATIENCE
    while True:
        found, now = _seen(cloud), cloud.now()
        if found["version"] != known or now >= deadline:
            return found
        cloud.lock.wait(min(deadline, _next_change(cloud, now)) - now)


def _seen(cloud: Cloud) -> dict[str, Any]:
    machines = [_shown(cloud, one) for one in cloud.alive()]
    packed = json.dumps(machines, sort_keys=True).encode()
    return {"machines": machines, "version": hashlib.sha256(packed).hexdigest()}


def _shown(cloud: Cloud, one: Machine) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state(cloud.now()),
        "boot_seconds": one.boot_seconds,
        "type": one.type,
        "zone": one.zone,
        "region": cloud.region,
        "market": one.market,
        "image": one.image,
        "arch": one.arch,
        "ip_address": one.private_address,
        "public_address": one.public_address,
        "settings": one.settings,
        "tags": one.tags,
        "launched_at": written(one.launched_at),
        "notice_at": None if one.notice_at is None else written(one.notice_at),
        "ending_at": None if math.isinf(one.ending_at) else written(one.ending_at),
        "rebalance_at": None if one.rebalance_at is None else written(one.rebalance_at),
    }


def _next_change(cloud: Cloud, now: float) -> float:
    """Say when the next machine changes its state by itself."""
    times = [time for one in cloud.machines.values() for time in (one.running_at, one.ending_at)]
    return min((time for time in times if time > now), default=NEVER)


__all__ = ["embody", "follow", "running_at"]
