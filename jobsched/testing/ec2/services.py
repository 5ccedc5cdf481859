"""The services beside EC2 that a client calls at the same address: moto's SSM, STS and IAM."""

from __future__ import annotations

from typing import Any, Final

from moto.iam.responses import IamResponse
from moto.ssm.responses import SimpleSystemManagerResponse
from moto.sts.responses import TokenResponse

from jobsched.testing.ec2.answer import Answer
from jobsched.testing.ec2.call import Call
from jobsched.testing.ec2.operations import written
from jobsched.testing.ec2.refusal import Refusal

SERVICES: Final[dict[str, Any]] = {
    "iam": IamResponse,
    "ssm": SimpleSystemManagerResponse,
    "sts": TokenResponse,
}


def answer(call: Call) -> Answer:
    """Let moto answer.

    Raises:
        Refusal: a service that the fake does not have.
    """
    if call.service not in SERVICES:
        words = f"The fake has no service {call.service}, only EC2, IAM, Pricing, SSM and STS."
        raise Refusal("UnknownOperationException", words)
    return written(*SERVICES[call.service].dispatch(call.request))


__all__ = ["answer"]
