"""The provider over the model EC2: one worker's, which says what ``ec2_spot`` would say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import Caps, InstanceStatus, OwnedMachine, Provider
from jobsched.domain.job import Instance, Json, Offer
from jobsched.errors import OperationFailed
from jobsched.testing.model_ec2 import meaning, shown
from jobsched.testing.model_ec2.calls import Calls
from jobsched.testing.model_ec2.ec2 import ModelEc2
from jobsched.testing.model_ec2.embodied import Embodied
from jobsched.testing.model_ec2.launcher import Launcher
from jobsched.testing.model_ec2.request import OFFERS, frozen
from jobsched.testing.model_ec2.view import View

#: how long after its launch a machine that EC2 does not show may still be there
SETTLES_WITHIN: Final = timedelta(minutes=10)
#: a younger disk may be on its way to the machine that it was made for
SPARED: Final = timedelta(minutes=10)


class ModelProvider(Provider):
    """Machines of the model EC2; its own memory is which requests it has never sent.

    Args:
        ec2: what all workers share.
        caps: how many machines there may be.
        deployment: whose machines and disks are seen.
    """

    name: ClassVar[str] = "model_ec2"
    status_section: ClassVar[str] = "aws"
    access: ClassVar[frozenset[str]] = frozenset({"fake"})
    settles_within: timedelta = SETTLES_WITHIN

    def __init__(
        self, ec2: ModelEc2, *, caps: Caps | None = None, deployment: str = "simulated"
    ) -> None:
        self.ec2 = ec2
        self.caps = caps or Caps()
        self._view = View(ec2, deployment)
        self._call = Calls(ec2)
        self._launcher = Launcher(ec2, self._call, self._view)

    def status(self, instance: Instance | None) -> Json:
        """Give the section ``aws``."""
        return shown.section(instance)

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Offer spot machines in three zones, then an on-demand one."""
        del order
        return OFFERS

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Write down whose it is, and which pool is asked for."""
        self._launcher.expect(order.token)
        return frozen(order, offer)

    async def provision(self, request: str) -> InstanceStatus:
        """Send CreateFleet with the launch's token."""
        return await self._launcher.send(request)

    async def find(self, token: str) -> InstanceStatus | None:
        """Look for the machine that carries the token as a tag."""
        return await self._launcher.find(token)

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe all machines of the deployment that EC2 shows."""
        return await self._call("description", "DescribeInstances", lambda: self._described(known))

    async def owned(self) -> Sequence[OwnedMachine]:
        """List all machines of the deployment that EC2 shows and that have not ended."""
        return await self._call("list", "DescribeInstances", self._owned)

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Terminate the machine; its disk goes with it."""
        try:
            answer = await self._call(
                "termination", "TerminateInstances", lambda: self.ec2.terminate(instance.id)
            )
        except OperationFailed as error:
            if not meaning.has_code(error, meaning.NOT_FOUND):
                raise
            return await self._not_found(instance)
        (change,) = answer["TerminatingInstances"]
        phase = shown.PHASES[change["CurrentState"]["Name"]]
        return InstanceStatus(phase=phase, instance=instance)

    async def remove_leftovers(self) -> Sequence[str]:
        """Delete disks of the deployment that no machine holds."""
        return await self._call("disk removal", "DeleteVolume", self._removed)

    async def _not_found(self, instance: Instance) -> InstanceStatus:
        """Believe that it is gone only if it is too old to be merely not visible yet."""
        launched_at = _launched_at(instance)
        now = self.ec2.world.clock.now()
        if launched_at is None or now < launched_at + SETTLES_WITHIN:
            return InstanceStatus(phase="unknown", instance=instance)
        seen = await self._call("search", "DescribeInstances", lambda: self._seen(instance.id))
        return seen or InstanceStatus(phase="gone", instance=instance)

    def _seen(self, machine: str) -> InstanceStatus | None:
        ec2, one = self.ec2, self._view.of_id(machine)
        return shown.status_of(ec2, one, ec2.cloud.now()) if one else None

    def _described(self, known: Mapping[str, Instance]) -> dict[str, InstanceStatus]:
        ec2, now = self.ec2, self.ec2.cloud.now()
        found: dict[str, Embodied] = {}
        for one in self._view.all():
            if found.setdefault(one.token, one) is not one:
                found[one.token] = self._counted(one.token, known)
        return {token: shown.status_of(ec2, one, now) for token, one in found.items()}

    def _counted(self, token: str, known: Mapping[str, Instance]) -> Embodied:
        """Give, of two machines of one token, the one that the core knows."""
        of_core = self._view.of_id(known[token].id) if token in known else None
        one = of_core or self._view.of_token(token)
        assert one  # noqa: S101 - both are shown
        return one

    def _owned(self) -> list[OwnedMachine]:
        ec2, now = self.ec2, self.ec2.cloud.now()
        found = [shown.owned_of(ec2, one, now) for one in self._view.all()]
        return [one for one in found if one is not None]

    def _removed(self) -> list[str]:
        until = self.ec2.cloud.now() - SPARED.total_seconds()
        old = [one for one in self._view.left_behind() if one.created_at <= until]
        for one in old:
            self.ec2.delete(one)
        return [f"volume {one.id} ({one.gib} GiB)" for one in old]


def _launched_at(instance: Instance) -> datetime | None:
    told: Any = instance.state.get("launched_at")
    return datetime.fromisoformat(told) if told else None


__all__ = ["SETTLES_WITHIN", "ModelProvider"]
