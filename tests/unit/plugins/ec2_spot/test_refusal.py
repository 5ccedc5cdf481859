"""A fleet without a machine."""

from typing import Any

import pytest

from jobsched.plugins.ec2_spot.refusal import refusal_of

ZONES = {"subnet-a": "us-east-1a", "subnet-b": "us-east-1b"}


def error(code: str, name: str = "m7i.large", subnet: str = "subnet-a") -> dict[str, Any]:
    """The error of one pool."""
    pool = {"InstanceType": name, "SubnetId": subnet}
    return {
        "LaunchTemplateAndOverrides": {"Overrides": pool},
        "Lifecycle": "spot",
        "ErrorCode": code,
        "ErrorMessage": f"said of {name}",
    }


@pytest.mark.parametrize(
    ("codes", "reason", "then"),
    [
        ([], "no_capacity", "next"),
        (["InsufficientInstanceCapacity"], "no_capacity", "next"),
        (["SpotMaxPriceTooLow", "UnfulfillableCapacity"], "no_capacity", "next"),
        (["Something.New"], "no_capacity", "next"),
        (["InternalError"], "no_capacity", "next"),
        (["InsufficientInstanceCapacity", "InvalidParameterValue"], "no_capacity", "next"),
        (["MaxSpotInstanceCountExceeded"], "quota", "next"),
        (["InsufficientInstanceCapacity", "VcpuLimitExceeded"], "quota", "next"),
        (["RequestLimitExceeded"], "throttled", "next"),
        (["RequestLimitExceeded", "InsufficientInstanceCapacity"], "no_capacity", "next"),
        (["InvalidAMIID.NotFound", "InvalidAMIID.NotFound"], "configuration", "breaker"),
        (["InvalidParameterValue"], "configuration", "breaker"),
        (["InsufficientInstanceCapacity", "UnauthorizedOperation"], "configuration", "breaker"),
        (["VcpuLimitExceeded", "AuthFailure"], "configuration", "breaker"),
        (["InsufficientInstanceCapacity", "PendingVerification"], "configuration", "breaker"),
    ],
)
def test_what_the_errors_mean_together(codes: list[str], reason: str, then: str) -> None:
    """L9, L11: rights stop the provider; what is wrong with some pools is for the next offer."""
    refused = refusal_of([error(code) for code in codes], ZONES, "spot")
    assert (refused.reason, refused.effect, refused.then) == (reason, "none", then)


def test_the_words_name_pools_and_codes() -> None:
    """The user reads which pools were refused and why, in one line."""
    errors = [
        error("InsufficientInstanceCapacity"),
        error("InsufficientInstanceCapacity", subnet="subnet-b"),
        error("InsufficientInstanceCapacity", name="m7a.large"),
        error("InsufficientInstanceCapacity", name="c7i.large"),
        error("SpotMaxPriceTooLow", name="r7i.large", subnet="subnet-z"),
    ]
    assert refusal_of(errors, ZONES, "spot").message == (
        "no spot machine: InsufficientInstanceCapacity (c7i.large in us-east-1a, "
        "m7a.large in us-east-1a, m7i.large in us-east-1a, 1 more): said of m7i.large; "
        "SpotMaxPriceTooLow (r7i.large in ?): said of r7i.large"
    )


def test_a_refusal_without_errors_has_words() -> None:
    """EC2 may give none at all."""
    assert refusal_of([], ZONES, "on-demand").message == (
        "no on-demand machine: EC2 gave no reason"
    )
