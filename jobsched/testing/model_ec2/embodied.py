"""A machine of the model: EC2's record of it, and its body in the imagined world."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from jobsched.contracts.provider import InstanceStatus, OwnedMachine
from jobsched.testing.ec2.machine import Machine
from jobsched.testing.fakes import FakeMachine


@dataclass(slots=True, kw_only=True)
class Embodied:
    """The two are one thing: where one ends, so does the other."""

    #: of its launch, as its tag says
    token: str
    machine: Machine
    body: FakeMachine
    #: switches the body off when EC2's record says ``terminated``
    timer: asyncio.TimerHandle | None = None
    #: how it was described: by state, and whether it was ready
    described: dict[tuple[str, bool], InstanceStatus] = field(default_factory=dict)
    #: how it was listed, by state
    owned: dict[str, OwnedMachine] = field(default_factory=dict)


__all__ = ["Embodied"]
