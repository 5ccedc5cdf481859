"""Another deployment in the same account: nothing of it is any business of ours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from jobsched.testing.ec2 import fleet, launching
from jobsched.testing.ec2.ending import BY_USER
from jobsched.testing.fakes import FakeMachine
from jobsched.testing.model_ec2.ec2 import ModelEc2
from jobsched.testing.model_ec2.embodied import Embodied
from jobsched.testing.model_ec2.estate import ModelEstate
from jobsched.testing.model_ec2.habits import behaving
from jobsched.testing.model_ec2.request import OFFERS, fleet_of

DEPLOYMENT: Final = "neighbour"
#: of each of its machines the seconds from now to its launch, and to its ``dies_at``
MACHINES: Final = ((-86400.0, -600.0), (-3600.0, 7200.0), (200.0, 7200.0), (0.0, 7200.0))
#: seconds from now to the end of the last one, which leaves its disk behind
ENDS: Final = 60.0


def settle(ec2: ModelEc2) -> list[Embodied]:
    """Put its machines into the account, of all ages, and give them.

    They have no bodies in the imagined world: nobody counts them, nothing befalls them, and they
    take no chance away from the rest.
    """
    found = [_settled(ec2, number, *times) for number, times in enumerate(MACHINES, 1)]
    with behaving(ec2.cloud.switches, {"leave_volumes": True}):
        launching.end(ec2.cloud, found[-1].machine, BY_USER, BY_USER, after=ENDS)
    return found


def _settled(ec2: ModelEc2, number: int, launched: float, dies: float) -> Embodied:
    now = ec2.world.clock.now()
    written: dict[str, Any] = {
        "token": f"{DEPLOYMENT}-{number}",
        "deployment": DEPLOYMENT,
        "job": f"{DEPLOYMENT}s{number}",
        "attempt": 1,
        "launch": 1,
        "dies_at": (now + timedelta(seconds=dies)).isoformat(),
        "pool": OFFERS[0].state,
    }
    answer = fleet.create(ec2.cloud, ModelEstate(), fleet_of(written))
    name = answer["Instances"][0]["InstanceIds"][0]
    machine, at = ec2.cloud.machines[name], ec2.cloud.now() + launched
    machine.launched_at = machine.visible_at = machine.running_at = at
    body = FakeMachine(
        token=written["token"],
        id=name,
        ready_at=at,
        order=written,
        launched_at=now + timedelta(seconds=launched),
    )
    one = Embodied(token=body.token, machine=machine, body=body)
    ec2.add(one)
    return one


__all__ = ["DEPLOYMENT", "ENDS", "MACHINES", "settle"]
