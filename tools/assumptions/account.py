"""A real account, or a fake one: what is asked of it, and what this run has made in it."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from tools.assumptions.outcome import Unseen
from tools.assumptions.seen import Seen

#: the smallest and cheapest type
TYPE: Final = "t3.nano"
#: US dollars an hour; no spot machine was ever so cheap
TOO_LOW: Final = "0.0011"
UNKNOWN: Final = "i-0123456789abcdef0"
TAG: Final = "jobsched:check"
#: subnets that a fleet may choose from; four overrides with requirements are the most
POOLS: Final = 3


class Account:
    """What the checks ask, and how it is waited for.

    Args:
        ec2: boto3's client of EC2.
        image: the image to launch.
        patience: seconds that a machine may take to come or go.
        pause: lets time go by between two looks.
    """

    def __init__(self, ec2: Any, image: str, patience: float, pause: Callable[[], object]) -> None:
        self.ec2 = ec2
        self.image = image
        self.name = f"jobsched-check-{secrets.token_hex(4)}"
        self.tags = [{"Key": TAG, "Value": self.name}]
        self.seen = Seen(ec2)
        self.template: dict[str, str] = {}
        self._patience = patience
        self._pause = pause
        self._kept: dict[str, Any] = {}

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Make something the first time; what cannot be made is not tried again.

        Raises:
            Unseen: it cannot be made.
        """
        if name not in self._kept:
            try:
                self._kept[name] = make()
            except Unseen as error:
                self._kept[name] = error
        if isinstance(self._kept[name], Unseen):
            raise self._kept[name]
        return self._kept[name]

    def subnets(self) -> list[dict[str, Any]]:
        """Give the default subnets of some zones.

        Raises:
            Unseen: there are none.
        """
        wanted = [{"Name": "default-for-az", "Values": ["true"]}]
        found = self.once("subnets", lambda: self.ec2.describe_subnets(Filters=wanted)["Subnets"])
        if not found:
            raise Unseen("the region has no default VPC: aws ec2 create-default-vpc")
        return sorted(found, key=lambda one: str(one["AvailabilityZone"]))[:POOLS]

    def fleet(self, token: str, user_data: str = "#!/bin/sh", **override: Any) -> dict[str, Any]:
        """Give the parameters of a fleet of one spot machine."""
        packed = base64.b64encode(user_data.encode()).decode()
        pool = {"InstanceType": TYPE, "ImageId": self.image} | override
        pool = {key: value for key, value in pool.items() if value is not None}
        specification = self.template | {"LaunchTemplateSpecificationUserData": packed}
        config = {
            "LaunchTemplateSpecification": specification,
            "Overrides": [pool | {"SubnetId": one["SubnetId"]} for one in self.subnets()],
        }
        return {
            "Type": "instant",
            "ClientToken": f"{self.name}-{token}",
            "LaunchTemplateConfigs": [config],
            "SpotOptions": {"AllocationStrategy": "price-capacity-optimized"},
            "TargetCapacitySpecification": {
                "TotalTargetCapacity": 1,
                "DefaultTargetCapacityType": "spot",
            },
            "TagSpecifications": [{"ResourceType": "instance", "Tags": self.tags}],
        }

    def launch(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Launch a fleet of one machine; give what the answer says of it.

        Raises:
            Unseen: there is none to be had.
        """
        answer = self.ec2.create_fleet(**asked)
        if not answer["Instances"]:
            raise Unseen(f"no machine was to be had: {answer['Errors']}")
        return {"FleetId": answer["FleetId"], **answer["Instances"][0]}

    def described(self, machine: str) -> dict[str, Any]:
        """Give a machine of this run, once EC2 shows it."""
        self.until(lambda: machine in self.machines())
        return self.machines()[machine]

    def machines(self) -> dict[str, dict[str, Any]]:
        """Give all machines of this run that EC2 shows, by id."""
        return {one["InstanceId"]: one for one in self._all(Filters=self._ours())}

    def launched_at(self, machine: str) -> datetime:
        """Give when a machine was launched, as EC2 says."""
        at: datetime = self.described(machine)["LaunchTime"]
        return at

    def strangers(self) -> list[dict[str, Any]]:
        """Give all machines of the account that EC2 shows."""
        return self._all()

    def volumes(self) -> list[dict[str, Any]]:
        """Give all disks of this run that EC2 shows."""
        return list(self.ec2.describe_volumes(Filters=self._ours())["Volumes"])

    def until(self, is_so: Callable[[], object]) -> None:
        """Look until something is so.

        Raises:
            AssertionError: it is not, within the patience.
        """
        end = time.monotonic() + self._patience
        while not is_so():
            if time.monotonic() > end:
                raise AssertionError(f"it did not come within {self._patience} s")
            self._pause()

    def _all(self, **asked: Any) -> list[dict[str, Any]]:
        pages = self.ec2.get_paginator("describe_instances").paginate(**asked)
        found = [one for page in pages for one in page["Reservations"]]
        return [machine for one in found for machine in one["Instances"]]

    def _ours(self) -> list[dict[str, Any]]:
        return [{"Name": f"tag:{TAG}", "Values": [self.name]}]


def is_alive(machine: dict[str, Any]) -> bool:
    """Whether a machine costs money."""
    return machine["State"]["Name"] not in {"shutting-down", "terminated"}


__all__ = ["TOO_LOW", "TYPE", "UNKNOWN", "Account", "is_alive"]
