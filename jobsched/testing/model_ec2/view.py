"""The account as one deployment asks of it: by its tag, so that it sees what is its own alone."""

from __future__ import annotations

from typing import Final

from jobsched.testing.ec2.machine import Machine, Volume
from jobsched.testing.model_ec2.ec2 import ModelEc2
from jobsched.testing.model_ec2.embodied import Embodied

#: the tag that says whose a machine or a disk is
DEPLOYMENT: Final = "jobsched:deployment"


class View:
    """What EC2 shows to calls that filter by a deployment's tag. All methods are at once.

    Args:
        ec2: has the machines and disks of all deployments.
        deployment: whose are asked for.
    """

    def __init__(self, ec2: ModelEc2, deployment: str) -> None:
        self._ec2 = ec2
        self._deployment = deployment

    def all(self) -> list[Embodied]:
        """Give all machines, oldest first."""
        return [one for one in self._ec2.all() if is_of(one.machine, self._deployment)]

    def of_token(self, token: str) -> Embodied | None:
        """Give the machine of a launch."""
        return self._mine(self._ec2.of_token(token))

    def of_id(self, machine: str) -> Embodied | None:
        """Give a machine by its id."""
        return self._mine(self._ec2.of_id(machine))

    def left_behind(self) -> list[Volume]:
        """Give the disks that cost money and belong to no machine any more."""
        return [one for one in self._ec2.left_behind() if is_of(one, self._deployment)]

    def _mine(self, one: Embodied | None) -> Embodied | None:
        return one if one and is_of(one.machine, self._deployment) else None


def is_of(thing: Machine | Volume, deployment: str) -> bool:
    """Whether something carries a deployment's tag."""
    return thing.tags.get(DEPLOYMENT) == deployment


__all__ = ["DEPLOYMENT", "View", "is_of"]
