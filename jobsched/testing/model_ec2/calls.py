"""The way of a call of EC2 in virtual time: it takes a while, is throttled, or lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from jobsched.errors import OperationFailed
from jobsched.testing.ec2 import throttle
from jobsched.testing.ec2.refusal import Refusal
from jobsched.testing.model_ec2 import meaning
from jobsched.testing.model_ec2.ec2 import ModelEc2
from jobsched.testing.model_ec2.faults import ANSWER_LOST, QUESTION_LOST, THROTTLED
from jobsched.testing.model_ec2.habits import behaving

T = TypeVar("T")

#: seconds of each way, there and back
WAY: Final = (0.1, 0.5)
#: seconds after which a call without an answer is given up
GIVEN_UP: Final = (1.0, 45.0)


class Calls:
    """One worker's calls.

    Args:
        ec2: what is called.
    """

    def __init__(self, ec2: ModelEc2) -> None:
        self._ec2 = ec2

    async def __call__(self, name: str, operation: str, effect: Callable[[], T]) -> T:
        """Make a call; give what its effect gives, as it was at that moment.

        Args:
            name: as its faults begin.
            operation: as EC2 names it.
            effect: at once; may raise the fake's `Refusal`.

        Raises:
            OperationFailed: EC2 refused, or nobody heard its answer.
        """
        await self._way()
        await self._lost(f"{name} {QUESTION_LOST}", operation)
        try:
            self._throttle(name, operation)
            answer = effect()
        except Refusal as refusal:
            failed: OperationFailed | None = meaning.of_call(refusal)
        else:
            failed = None
        await self._way()
        await self._lost(f"{name} {ANSWER_LOST}", operation)
        if failed:
            raise failed
        return answer

    def _throttle(self, name: str, operation: str) -> None:
        switches = self._ec2.cloud.switches
        if not self._ec2.chance.strikes(f"{name} {THROTTLED}"):
            throttle.check(switches, operation, "ec2")
            return
        with behaving(switches, {"throttle": {operation: 1}}):
            throttle.check(switches, operation, "ec2")

    async def _way(self) -> None:
        await self._ec2.world.clock.sleep(self._ec2.chance.between(*WAY))

    async def _lost(self, fault: str, operation: str) -> None:
        if self._ec2.world.is_silent or self._ec2.chance.strikes(fault):
            await self._ec2.world.clock.sleep(self._ec2.chance.between(*GIVEN_UP))
            raise meaning.lost(operation)


__all__ = ["Calls"]
