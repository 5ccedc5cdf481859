"""Sending a frozen request, however often: what one worker may conclude from each answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance
from jobsched.errors import OperationFailed, ProviderFailed, Then
from jobsched.testing.model_ec2 import meaning, shown
from jobsched.testing.model_ec2.calls import Calls
from jobsched.testing.model_ec2.ec2 import ModelEc2
from jobsched.testing.model_ec2.view import View


class Launcher:
    """Sends one worker's requests.

    Args:
        ec2: has the machines.
        call: the worker's way to it.
        view: what the worker's deployment sees of it.
    """

    def __init__(self, ec2: ModelEc2, call: Calls, view: View) -> None:
        self._ec2 = ec2
        self._call = call
        self._view = view
        self._fresh: set[str] = set()

    def expect(self, token: str) -> None:
        """Note that this worker has just frozen the request of a token, and never sent it."""
        self._fresh.add(token)

    async def send(self, request: str) -> InstanceStatus:
        """Send a request, and give its machine with its price. May be repeated.

        Raises:
            OperationFailed: ``effect="none"`` is definite: this request has no machine. Of a
                repeat only the answer about a fleet, or about a dead machine, is.
        """
        written = json.loads(request)
        token = written["token"]
        is_first = token in self._fresh
        # whatever comes of it, the next time is a repeat
        self._fresh.discard(token)
        try:
            answer = await self._call("launch", "CreateFleet", lambda: self._ec2.launch(written))
        except OperationFailed as error:
            if error.reason == meaning.NO_ANSWER:
                self._ec2.unanswered(token)
            if meaning.has_code(error, meaning.DEAD):
                raise
            if is_first and not meaning.has_code(error, meaning.MISMATCH):
                raise
            return await self._made_before(token, error)
        status = self._launched(answer)
        return status if is_first else await self._looked_at(token, status)

    async def find(self, token: str) -> InstanceStatus | None:
        """Look for a launch's machine by its tag. May be repeated.

        Raises:
            OperationFailed: it cannot be told now.
        """
        return await self._call("search", "DescribeInstances", lambda: self._found(token))

    def _found(self, token: str) -> InstanceStatus | None:
        ec2, one = self._ec2, self._view.of_token(token)
        return shown.priced(ec2, shown.status_of(ec2, one, ec2.cloud.now())) if one else None

    async def _made_before(self, token: str, error: OperationFailed) -> InstanceStatus:
        """Give the machine of an earlier sending; only its tag can tell what became of that.

        Raises:
            OperationFailed: it is not seen, and may be there all the same.
        """
        then: Then = "breaker" if error.then == "breaker" else "later"
        doubt = ProviderFailed(error.reason, error.message, effect="unknown", then=then)
        if error.then == "later" and not meaning.has_code(error, meaning.MISMATCH):
            raise doubt from error
        try:
            found = await self.find(token)
        except OperationFailed as unseen:
            raise doubt from unseen
        if found is None:
            raise doubt from error
        return found

    async def _looked_at(self, token: str, status: InstanceStatus) -> InstanceStatus:
        """Look at the machine of a repeat: EC2 also names one that is dead by now."""
        found = await self.find(token)
        return found or replace(status, phase="unknown")

    def _launched(self, answer: dict[str, Any]) -> InstanceStatus:
        if not answer["Instances"]:
            raise meaning.of_fleet(answer["Errors"])
        made = answer["Instances"][0]
        state = {
            "type": made["InstanceType"],
            "zone": made["AvailabilityZone"],
            "market": made["Lifecycle"],
            # a description tells EC2's own time of it
            "launched_at": self._ec2.world.clock.now().isoformat(),
            "dns_name": None,
            "ip_address": None,
            "state": "pending",
        }
        instance = Instance(id=made["InstanceIds"][0], state=state)
        return shown.priced(self._ec2, InstanceStatus(phase="pending", instance=instance))


__all__ = ["Launcher"]
