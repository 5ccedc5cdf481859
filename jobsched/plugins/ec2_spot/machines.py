"""The machines of this deployment as EC2 shows them: all, one by its launch, and the end of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from jobsched.contracts.provider import InstanceStatus, OwnedMachine
from jobsched.contracts.services import Services
from jobsched.domain.job import Instance
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import described, tags
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.failure import has_code
from jobsched.plugins.ec2_spot.once import Once

#: how long after its launch a machine that EC2 does not show may still be there
SETTLES_WITHIN: Final = timedelta(minutes=10)
#: the most that DescribeInstances gives in a page
PAGE: Final = 1000
NOT_FOUND: Final = ("InvalidInstanceID.NotFound",)


class Machines:
    """Sees and ends machines that carry the deployment's tag.

    Args:
        aws: the way to EC2.
        services: lends time, log and the deployment's id.
        public_address: whether workers reach machines at their public addresses.
    """

    def __init__(self, aws: Aws, services: Services, *, public_address: bool) -> None:
        self._aws = aws
        self._clock = services.clock
        self._log = services.log
        self._deployment = services.deployment
        self._public = public_address
        self._once = Once()

    async def find(self, token: str) -> InstanceStatus | None:
        """Look for a launch's machine by its tag. May be repeated.

        Raises:
            OperationFailed: it cannot be told now.
        """
        found = await self._list(tags.having(tags.LAUNCH, token))
        return self._one(token, found, None) if found else None

    async def describe_all(
        self, known: Mapping[str, Instance] | None = None
    ) -> dict[str, InstanceStatus]:
        """Describe all machines by launch token: every page or nothing. May be repeated.

        Those that ended within the last hour are among them.

        Args:
            known: the machines that the core counts on, by token: of two that carry one token, it
                is about the known one that it asks.

        Raises:
            OperationFailed: a page could not be had.
        """
        by_token = defaultdict(list)
        for machine in await self._list():
            self._tell(machine)
            by_token[_token(machine)].append(machine)
        by_token.pop("", None)
        known = known or {}
        return {token: self._one(token, ones, known.get(token)) for token, ones in by_token.items()}

    async def owned(self) -> list[OwnedMachine]:
        """List all machines that have not ended, each for itself. May be repeated.

        Raises:
            OperationFailed: a page could not be had.
        """
        found = []
        for machine in await self._list():
            owned = described.owned_of(machine, public_address=self._public)
            if owned is not None:
                found.append(owned)
        return found

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Ask for the end of one machine, and say how it stands. May be repeated.

        Always one id: with a single wrong one among several, EC2 ends none of them.

        Raises:
            OperationFailed: it could not be asked now.
        """
        try:
            answer = await self._aws.call("terminate_instances", InstanceIds=[instance.id])
        except OperationFailed as error:
            if not has_code(error, NOT_FOUND):
                raise
            return await self._not_found(instance)
        changes = answer.get("TerminatingInstances", ())
        states = [one["CurrentState"]["Name"] for one in changes if _is(one, instance)]
        state = states[0] if states else ""
        return InstanceStatus(phase=described.PHASES.get(state, "unknown"), instance=instance)

    async def _not_found(self, instance: Instance) -> InstanceStatus:
        """Believe that it is gone only if it is too old to be merely not visible yet, and unlisted.

        One whose age is not known stays unknown: the core ends it when no list shows it any more.
        """
        launched_at = _launched_at(instance)
        if launched_at is None or self._clock.now() < launched_at + SETTLES_WITHIN:
            return InstanceStatus(phase="unknown", instance=instance)
        listed = await self._list(*tags.filters(instance_id=instance.id))
        if listed:
            return described.status_of(listed[0], public_address=self._public)
        return InstanceStatus(phase="gone", instance=instance)

    async def _list(self, *more: Any) -> list[Mapping[str, Any]]:
        ours = tags.having(tags.DEPLOYMENT, self._deployment)
        reservations = await self._aws.pages(
            "describe_instances", "Reservations", Filters=[ours, *more], MaxResults=PAGE
        )
        return [machine for one in reservations for machine in one["Instances"]]

    def _one(
        self, token: str, found: Sequence[Mapping[str, Any]], known: Instance | None
    ) -> InstanceStatus:
        """Give the one machine of a token.

        Two would mean that EC2 broke its promise, or that a person launched "more like this", which
        copies tags. Then the answer is about the one that the core knows, or else about the oldest
        that is alive, so that it is not taken for gone; and the other is said out loud: it is paid
        for until its launch is over, and the reaper ends it then.
        """
        first, *others = sorted(found, key=lambda one: _rank(one, known))
        for other in others:
            if _is_alive(other) and self._once.first(f"doubled {other['InstanceId']}"):
                self._log.error(
                    "machine.doubled",
                    launch=token,
                    counted=first["InstanceId"],
                    to_be_looked_at=other["InstanceId"],
                )
        return described.status_of(first, public_address=self._public)

    def _tell(self, machine: Mapping[str, Any]) -> None:
        """Log, once, that it ended by itself."""
        machine_id, code = machine["InstanceId"], described.why_ended(machine)
        if _is_alive(machine) or code in {"", *described.BY_US}:
            return
        if self._once.first(f"ended {machine_id}"):
            message = machine["StateReason"].get("Message", "")
            self._log.warning("machine.ended", instance=machine_id, code=code, message=message)


def _rank(machine: Mapping[str, Any], known: Instance | None) -> tuple[bool, bool, str, str]:
    is_known = known is not None and machine["InstanceId"] == known.id
    launched_at = machine.get("LaunchTime")
    age = launched_at.isoformat() if launched_at else ""
    return not is_known, not _is_alive(machine), age, machine["InstanceId"]


def _token(machine: Mapping[str, Any]) -> str:
    return tags.read(machine.get("Tags", ())).get(tags.LAUNCH, "")


def _is_alive(machine: Mapping[str, Any]) -> bool:
    return described.state_of(machine) not in {"shutting-down", "terminated"}


def _is(change: Mapping[str, Any], instance: Instance) -> bool:
    return bool(change["InstanceId"] == instance.id)


def _launched_at(instance: Instance) -> datetime | None:
    """Give when it was launched; None where a record does not tell, or not in a way to count on."""
    try:
        at = datetime.fromisoformat(instance.state.get("launched_at") or "")
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else None


__all__ = ["SETTLES_WITHIN", "Machines"]
