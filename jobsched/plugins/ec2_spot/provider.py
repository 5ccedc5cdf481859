"""EC2 as a provider: spot machines first, on-demand ones where that is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, Final

from marshmallow import Schema

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import Caps, InstanceStatus, OwnedMachine, Provider
from jobsched.contracts.services import Services
from jobsched.domain.job import Instance, Json, Offer
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import status, volumes
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.failure import has_code
from jobsched.plugins.ec2_spot.group import SecurityGroups
from jobsched.plugins.ec2_spot.image import Images
from jobsched.plugins.ec2_spot.launch import Launcher
from jobsched.plugins.ec2_spot.machines import SETTLES_WITHIN, Machines
from jobsched.plugins.ec2_spot.network import Network
from jobsched.plugins.ec2_spot.offers import offers_for
from jobsched.plugins.ec2_spot.options import OptionsSchema
from jobsched.plugins.ec2_spot.price import Prices
from jobsched.plugins.ec2_spot.refusal import FleetRefused
from jobsched.plugins.ec2_spot.request import Requests
from jobsched.plugins.ec2_spot.settings import Settings
from jobsched.plugins.ec2_spot.template import Template

#: what EC2 may not show to CreateFleet yet in the minute after it was made
NOT_SHOWN: Final = (
    "InvalidGroup.NotFound",
    "InvalidLaunchTemplateId.NotFound",
    "InvalidLaunchTemplateId.VersionNotFound",
    "InvalidSecurityGroupID.NotFound",
)


class Ec2SpotProvider(Provider):
    """Machines of EC2, launched by CreateFleet and known by their tags.

    Nothing is asked of AWS before a method is called.
    """

    name: ClassVar[str] = "ec2_spot"
    status_section: ClassVar[str] = "aws"
    options_schema: ClassVar[type[Schema] | None] = OptionsSchema
    access: ClassVar[frozenset[str]] = frozenset({"docker_tls"})
    settles_within: timedelta = SETTLES_WITHIN

    def __init__(self, services: Services, settings: Settings) -> None:
        self.lead = settings.lead
        self.caps = Caps(
            alive=settings.alive, hourly=settings.hourly, per_second=settings.per_second
        )
        self._settings = settings
        self._deployment = services.deployment
        self._clock = services.clock
        self._aws = Aws(services, region=settings.region, endpoint_url=settings.endpoint_url)
        self._network = Network(self._aws, services.clock, settings.subnets)
        self._groups = SecurityGroups(
            self._aws,
            services,
            self._network,
            configured=settings.security_groups,
            worker_source=settings.worker_source,
        )
        self._template = Template(self._aws, services, self._groups, settings)
        images = Images(self._aws, settings.image, services.clock)
        self._requests = Requests(images, self._network, self._template, settings.callback_url)
        self._machines = Machines(self._aws, services, public_address=settings.public_address)
        prices = Prices(self._aws, services, settings.on_demand_prices)
        self._launcher = Launcher(self._aws, services, self._machines, prices)

    def status(self, instance: Instance | None) -> Json:
        """Give the section ``aws``."""
        return status.section(instance)

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Offer a spot fleet, an on-demand fleet, or both."""
        return offers_for(order, self._settings)

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Look up image, template and network, and render the whole of CreateFleet."""
        request = await self._requests.freeze(order, offer)
        self._launcher.expect(order.token)
        return request

    async def provision(self, request: str) -> InstanceStatus:
        """Send CreateFleet with the launch's token."""
        try:
            return await self._launcher.send(request)
        except OperationFailed as error:
            if error.reason != "configuration":
                raise
            is_new = self._template.is_new
            # what it was made of may be wrong: a template deleted, a subnet gone
            for known in (self._network, self._groups, self._template):
                known.forget()
            if is_new and (hidden := _not_shown(error)):
                raise hidden from error
            raise

    async def find(self, token: str) -> InstanceStatus | None:
        """Look for the machine that carries the token as a tag."""
        found = await self._machines.find(token)
        return None if found is None else await self._launcher.priced(found)

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe all machines that carry the deployment's tag."""
        return await self._machines.describe_all(known)

    async def owned(self) -> Sequence[OwnedMachine]:
        """List all machines that carry the deployment's tag, with what they cost now."""
        machines = await self._machines.owned()
        return await asyncio.gather(*(self._with_cost(one) for one in machines))

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Terminate the machine; its disk goes with it."""
        return await self._machines.terminate(instance)

    async def remove_leftovers(self) -> Sequence[str]:
        """Delete volumes of this deployment that no machine holds."""
        now = self._clock.now()
        return await volumes.remove_leftovers(self._aws, self._deployment, now)

    async def _with_cost(self, machine: OwnedMachine) -> OwnedMachine:
        price = await self._launcher.price_of(machine.instance)
        return replace(machine, usd_per_hour=price.per_hour if price else None)


def _not_shown(error: OperationFailed) -> OperationFailed | None:
    """Give what it is if EC2 does not show what was just made; None: something else is wrong."""
    if isinstance(error, FleetRefused):
        # that token is used up, so it is another launch
        if all(code.startswith(NOT_SHOWN) for code in error.codes):
            return OperationFailed("not_shown_yet", error.message, then="next")
        return None
    if not has_code(error, NOT_SHOWN):
        return None
    return OperationFailed("not_shown_yet", error.message, effect=error.effect, then="later")


__all__ = ["Ec2SpotProvider"]
