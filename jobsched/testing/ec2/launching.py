"""One machine is launched: its settings are checked, then it is there, with its disks and tags."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from jobsched.testing.ec2 import images, prices, quotas, user_data, volumes
from jobsched.testing.ec2.bodies import running_at
from jobsched.testing.ec2.catalogue import InstanceType
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.estate import Estate
from jobsched.testing.ec2.machine import Machine
from jobsched.testing.ec2.refusal import UNAUTHORIZED, Refusal
from jobsched.testing.ec2.subnet import Subnet, no_address
from jobsched.testing.ec2.switches import first_match, is_named
from jobsched.testing.ec2.tags import tags_for

NO_CAPACITY: Final = "InsufficientInstanceCapacity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A market, a type and a zone; and how a machine of it is set."""

    market: str
    kind: InstanceType
    subnet: Subnet
    #: as a launch template's data has them
    settings: dict[str, Any]
    #: most that it may cost, in US dollars an hour
    limit: Decimal | None = None

    @property
    def name(self) -> str:
        """Give the words that switches match."""
        return f"{self.market}/{self.kind.name}/{self.subnet.zone}"


def launch(
    cloud: Cloud, account: Estate, pool: Pool, *, token: str | None, fleet: str | None = None
) -> Machine:
    """Launch one machine of a pool.

    Raises:
        Refusal: something about the pool or the settings is wrong, or there is no capacity.
    """
    _check_rights(cloud, pool.settings)
    _check_settings(cloud, account, pool)
    _check_capacity(cloud, pool)
    machine = _made(cloud, account, pool, token=token, fleet=fleet)
    cloud.machines[machine.id] = machine
    volumes.attach(cloud, machine)
    _end_at_once(cloud, pool, machine)
    return machine


def _check_rights(cloud: Cloud, settings: dict[str, Any]) -> None:
    needed = ["ec2:RunInstances"]
    needed += ["ec2:CreateTags"] if settings.get("TagSpecifications") else []
    needed += ["iam:PassRole"] if settings.get("IamInstanceProfile") else []
    if any(is_named(cloud.switches.deny, action) for action in needed):
        raise Refusal("UnauthorizedOperation", UNAUTHORIZED)


def _check_settings(cloud: Cloud, account: Estate, pool: Pool) -> None:
    settings = pool.settings
    image = images.check(cloud, settings.get("ImageId"))
    made_for = account.architecture(image)
    if made_for and made_for != pool.kind.arch:
        words = f"The architecture '{pool.kind.arch}' of the specified instance type does not "
        words += f"match the architecture '{made_for}' of the specified AMI."
        raise Refusal("InvalidParameterValue", words)
    user_data.check(settings.get("UserData"), cloud.switches.user_data_limit)
    account.check_key_pair(settings.get("KeyName"))
    account.profile(settings.get("IamInstanceProfile"))


def _check_capacity(cloud: Cloud, pool: Pool) -> None:
    quotas.check(cloud, pool.market)
    full = cloud.switches.full_subnets
    if is_named(full, pool.subnet.id) or is_named(full, pool.subnet.zone):
        raise no_address(pool.subnet.id)
    price = prices.of(cloud, pool.kind, pool.subnet.zone, pool.market)
    if pool.limit is not None and price > pool.limit:
        words = f"Your Spot request price of {pool.limit} is lower than the minimum required "
        words += f"Spot request fulfillment price of {price}."
        raise Refusal("SpotMaxPriceTooLow", words)
    if is_named(cloud.switches.dry, pool.name):
        words = f"There is no {pool.market} capacity for {pool.kind.name} in {pool.subnet.zone}."
        raise Refusal(NO_CAPACITY, words)


def _made(
    cloud: Cloud, account: Estate, pool: Pool, *, token: str | None, fleet: str | None
) -> Machine:
    now, switches, settings, subnet = cloud.now(), cloud.switches, pool.settings, pool.subnet
    interface = (settings.get("NetworkInterfaces") or [{}])[0]
    is_public = interface.get("AssociatePublicIpAddress", subnet.is_public)
    groups = settings.get("SecurityGroupIds") or interface.get("Groups") or []
    cloud.launched += 1
    return Machine(
        id=cloud.new_id("i"),
        number=cloud.launched,
        market=pool.market,
        type=pool.kind.name,
        zone=subnet.zone,
        subnet=subnet.id,
        vpc=subnet.vpc,
        arch=pool.kind.arch,
        image=settings["ImageId"],
        profile=account.profile(settings.get("IamInstanceProfile")),
        private_address=account.address(cloud, subnet),
        # a block that nobody has, for documentation (RFC 5737)
        public_address=f"203.0.113.{cloud.launched % 254 + 1}" if is_public else None,
        settings=settings,
        tags=tags_for("instance", settings.get("TagSpecifications") or ()),
        security_groups=account.groups(groups, subnet.vpc),
        client_token=token,
        fleet=fleet,
        launched_at=now,
        visible_at=now + switches.visible_after_seconds,
        running_at=running_at(cloud, now),
        boot_seconds=cloud.boot_seconds,
        price=str(prices.of(cloud, pool.kind, subnet.zone, pool.market)),
    )


def _end_at_once(cloud: Cloud, pool: Pool, machine: Machine) -> None:
    code = first_match(cloud.switches.stillborn, pool.name)
    if code is not None:
        end(cloud, machine, code, f"{code}: the instance was terminated at its launch")


def end(cloud: Cloud, machine: Machine, code: str, message: str, *, after: float = 0) -> None:
    """Let a machine end.

    Args:
        cloud: says how long it takes.
        machine: of any state; one that is ending is left alone.
        code: of the reason, as `Server.SpotInstanceTermination`.
        message: of the reason.
        after: seconds until it begins to shut down.
    """
    at = cloud.now() + after
    lasting, shown = cloud.switches.shutting_down_seconds, cloud.switches.vanish_after_seconds
    machine.end(at, code, message, lasting=lasting, shown=shown)
    if cloud.switches.leave_volumes:
        volumes.leave(cloud, machine)


__all__ = ["Pool", "end", "launch"]
