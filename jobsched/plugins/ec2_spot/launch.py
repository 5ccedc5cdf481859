"""Sending a frozen request, however often: the same token and the same bytes give one machine."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast

from jobsched.contracts.provider import InstanceStatus
from jobsched.contracts.services import Services
from jobsched.domain.job import Instance, Price
from jobsched.errors import OperationFailed, Then
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.failure import DEAD, MISMATCH, has_code
from jobsched.plugins.ec2_spot.machines import Machines
from jobsched.plugins.ec2_spot.price import Prices
from jobsched.plugins.ec2_spot.quota import QuotaLog
from jobsched.plugins.ec2_spot.refusal import of_call, refusal_of
from jobsched.plugins.ec2_spot.wish import Market

#: tokens that are remembered as not sent yet
MOST_FRESH: Final = 10_000


class Launcher:
    """Sends requests.

    Args:
        aws: the way to EC2.
        services: lends time and log.
        machines: looks a machine up where an answer leaves it in doubt.
        prices: tells what it costs.
    """

    def __init__(self, aws: Aws, services: Services, machines: Machines, prices: Prices) -> None:
        self._aws = aws
        self._clock = services.clock
        self._machines = machines
        self._prices = prices
        self._quota = QuotaLog(services)
        self._fresh: OrderedDict[str, None] = OrderedDict()

    def expect(self, token: str) -> None:
        """Note that this process has just frozen the request of a token, and never sent it."""
        self._fresh[token] = None
        if len(self._fresh) > MOST_FRESH:
            self._fresh.popitem(last=False)

    async def send(self, request: str) -> InstanceStatus:
        """Send a request, and give its machine with its price. May be repeated.

        Raises:
            OperationFailed: ``effect="none"`` is definite: this request has no machine. Of a
                repeat only the answer about a fleet, or about a dead machine, is.
        """
        frozen = json.loads(request)
        try:
            return await self._sent(frozen)
        except OperationFailed as error:
            if error.reason == "quota":
                self._quota.reached(_market(frozen["fleet"]), error.message)
            raise

    async def _sent(self, frozen: Mapping[str, Any]) -> InstanceStatus:
        token = frozen["fleet"]["ClientToken"]
        # popped before it is sent: whatever comes of it, the next time is a repeat
        is_first = self._fresh.pop(token, token) is None
        try:
            answer = await self._aws.call("create_fleet", **frozen["fleet"])
        except OperationFailed as error:
            if has_code(error, (DEAD,)):
                raise
            if is_first and not has_code(error, (MISMATCH,)):
                raise of_call(error, by_job=_is_by_job(frozen)) from error
            return await self.priced(await self._made_before(token, error))
        status = await self.priced(self._launched(answer, frozen))
        return status if is_first else await self._looked_at(token, status)

    async def priced(self, status: InstanceStatus) -> InstanceStatus:
        """Add what the machine costs an hour now, where that can be had. May be repeated."""
        instance = status.instance
        if instance is None or status.phase not in {"pending", "running"}:
            return status
        price = await self.price_of(instance)
        return replace(status, instance=replace(instance, price=price))

    async def price_of(self, instance: Instance) -> Price | None:
        """Give what a machine costs an hour now; None where that cannot be had. May be repeated."""
        state = instance.state
        if not (state.get("type") and state.get("zone")):
            return None
        return await self._prices.at_launch(
            instance_type=state["type"],
            zone=state["zone"],
            market=cast("Market", state.get("market")),
        )

    async def _made_before(self, token: str, error: OperationFailed) -> InstanceStatus:
        """Give the machine of an earlier sending; only its tag can tell what became of that.

        Raises:
            OperationFailed: it is not seen. However definite the error is, it is that of a repeat,
                so that the request may have a machine all the same.
        """
        then: Then = "breaker" if error.then == "breaker" else "later"
        doubt = OperationFailed(error.reason, error.message, effect="unknown", then=then)
        if error.then == "later" and not has_code(error, (MISMATCH,)):
            # it is sent again: a look would fare no better now
            raise doubt from error
        try:
            found = await self._machines.find(token)
        except OperationFailed as unseen:
            raise doubt from unseen
        if found is None:
            raise doubt from error
        return found

    async def _looked_at(self, token: str, status: InstanceStatus) -> InstanceStatus:
        """Look at the machine of a repeated request: EC2 also names one that is dead by now.

        Of one that is not shown nobody can say whether it is too new or too long gone.
        """
        found = await self._machines.find(token)
        if found and found.phase != "unknown":
            return await self.priced(found)
        return replace(status, phase="unknown")

    def _launched(self, answer: Mapping[str, Any], frozen: Mapping[str, Any]) -> InstanceStatus:
        zones, market = frozen["zones"], _market(frozen["fleet"])
        made = next((one for one in answer.get("Instances", ()) if one.get("InstanceIds")), None)
        if made is None:
            errors = answer.get("Errors", ())
            raise refusal_of(errors, zones, market, by_job=_is_by_job(frozen))
        pool = made.get("LaunchTemplateAndOverrides", {}).get("Overrides", {})
        state = {
            "type": made.get("InstanceType") or pool.get("InstanceType"),
            "zone": pool.get("AvailabilityZone") or zones.get(pool.get("SubnetId", "")),
            "market": made.get("Lifecycle") or market,
            # a description tells EC2's own time of it
            "launched_at": self._clock.now().isoformat(),
            "dns_name": None,
            "ip_address": None,
            "state": "pending",
        }
        instance = Instance(id=made["InstanceIds"][0], state=state)
        return InstanceStatus(phase="pending", instance=instance)


def _is_by_job(frozen: Mapping[str, Any]) -> bool:
    return bool(frozen.get("by_job"))


def _market(fleet: Mapping[str, Any]) -> Market:
    return cast("Market", fleet["TargetCapacitySpecification"]["DefaultTargetCapacityType"])


__all__ = ["Launcher"]
