"""Which calls the fake answers itself; moto answers the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from moto.ec2.responses import EC2Response

from jobsched.testing.ec2 import (
    describing,
    document,
    ending,
    fleet,
    images,
    prices,
    running,
    tags,
    templates,
    volumes,
)
from jobsched.testing.ec2.account import Account, plain
from jobsched.testing.ec2.answer import Answer
from jobsched.testing.ec2.call import Call
from jobsched.testing.ec2.cloud import Cloud

#: what the HTTP server says itself
ASIDE: Final = frozenset({"date", "server", "status"})

Operation = Callable[[Cloud, Account, dict[str, Any]], dict[str, Any]]

OPERATIONS: Final[dict[str, Operation]] = {
    "CreateFleet": fleet.create,
    "CreateTags": lambda cloud, _, asked: tags.create(cloud, asked),
    "CreateVolume": lambda cloud, _, asked: volumes.create(cloud, asked),
    "DeleteTags": lambda cloud, _, asked: tags.delete(cloud, asked),
    "DeleteVolume": lambda cloud, _, asked: volumes.delete(cloud, asked),
    "DescribeImages": images.describe,
    "DescribeInstanceAttribute": lambda cloud, _, asked: describing.describe_attribute(
        cloud, asked
    ),
    "DescribeInstances": describing.describe,
    "DescribeLaunchTemplateVersions": templates.describe_versions,
    "DescribeLaunchTemplates": templates.describe,
    "DescribeSpotPriceHistory": prices.describe_history,
    "DescribeVolumes": lambda cloud, _, asked: volumes.describe(cloud, asked),
    "ModifyInstanceAttribute": lambda cloud, _, asked: describing.modify_attribute(cloud, asked),
    "RunInstances": running.run,
    "TerminateInstances": lambda cloud, _, asked: ending.terminate(cloud, asked),
}


class Ec2Answers(EC2Response):
    """moto's answers of EC2, with ours in their place where we have some.

    Args:
        cloud: the state.
        account: what moto keeps of it.
        call: the one that is answered. It is read once: that takes a third of most answers.
    """

    def __init__(self, cloud: Cloud, account: Account, call: Call) -> None:
        super().__init__()
        self._cloud = cloud
        self._account = account
        self._operation = call.operation
        self.setup_class(call.request)

    def parameters(self) -> dict[str, Any]:
        """Give the call's parameters, for whoever asks to change them; the names are boto3's."""
        return dict(plain(self.params))

    def answer(self) -> Answer:
        """Carry the call out.

        Raises:
            Refusal: it is refused.
        """
        asked = self.parameters()
        if self._is_ours(self._operation, asked):
            result = OPERATIONS[self._operation](self._cloud, self._account, asked)
            body = document.written(self._operation, result)
            return written(200, {"Content-Type": "text/xml;charset=UTF-8"}, body)
        return written(*self.call_action())

    def _is_ours(self, operation: str, asked: dict[str, Any]) -> bool:
        if operation in {"CreateTags", "DeleteTags"}:
            return tags.kept_here(self._cloud, asked)
        return operation in OPERATIONS


def written(status: int, headers: dict[str, Any], body: str | bytes) -> Answer:
    """Make an answer of what moto gives."""
    raw = body.encode() if isinstance(body, str) else body
    names = {str(key): str(value) for key, value in headers.items() if key.lower() not in ASIDE}
    return Answer(status=int(status), body=raw, headers=names)


__all__ = ["OPERATIONS", "Ec2Answers", "written"]
