"""A fleet without a machine."""

from typing import Any

import pytest

from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.refusal import of_call, refusal_of

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


@pytest.mark.parametrize(
    ("codes", "reason", "then"),
    [
        (["InvalidParameterValue", "InvalidParameterValue"], "configuration", "fail"),
        (["InvalidInstanceType"], "configuration", "fail"),
        (["InvalidParameterValue", "InsufficientInstanceCapacity"], "no_capacity", "next"),
        (["InvalidParameterValue", "InvalidFleetConfiguration"], "no_capacity", "next"),
        (["InvalidParameterValue", "InvalidAMIID.NotFound"], "configuration", "breaker"),
        (["InvalidParameterValue", "UnauthorizedOperation"], "configuration", "breaker"),
        (["InvalidGroup.NotFound"], "configuration", "breaker"),
        (["InvalidKeyPair.NotFound"], "configuration", "breaker"),
        (["InvalidIamInstanceProfileArn.Malformed"], "configuration", "breaker"),
        (["InvalidLaunchTemplateId.VersionNotFound"], "configuration", "breaker"),
        (["InvalidSubnetID.NotFound"], "configuration", "breaker"),
        (["InvalidUserData.Malformed"], "configuration", "breaker"),
    ],
)
def test_a_job_that_chose_wrongly_fails_alone(codes: list[str], reason: str, then: str) -> None:
    """L11: types or needs that a job named halt nobody else; what an operator set does."""
    refused = refusal_of([error(code) for code in codes], ZONES, "spot", by_job=True)
    assert (refused.reason, refused.effect, refused.then) == (reason, "none", then)


@pytest.mark.parametrize("by_job", [True, False])
def test_a_type_that_a_zone_does_not_have_is_for_the_next_offer(*, by_job: bool) -> None:
    """L9: nothing is wrong but that pool."""
    refused = refusal_of([error("InvalidFleetConfiguration")], ZONES, "spot", by_job=by_job)
    assert (refused.reason, refused.then) == ("no_capacity", "next")


def test_a_wrong_profile_is_the_operators() -> None:
    """L11: EC2 says of it only that a parameter is wrong, in the code; the words tell."""
    words = "Value (jobs) for parameter iamInstanceProfile.name is invalid."
    wrong = {**error("InvalidParameterValue"), "ErrorMessage": words}
    assert refusal_of([wrong], ZONES, "spot", by_job=True).then == "breaker"


@pytest.mark.parametrize(
    ("words", "by_job", "then"),
    [
        ("InvalidInstanceType: create_fleet: no such instance types: zz9.large", True, "fail"),
        ("InvalidParameterValue: create_fleet: InstanceRequirements fit nothing", True, "fail"),
        ("InvalidParameterValue: create_fleet: InstanceRequirements fit nothing", False, "breaker"),
        ("InvalidParameterValue: create_fleet: Invalid tag", True, "breaker"),
        ("UnauthorizedOperation: create_fleet: of this instance type", True, "breaker"),
    ],
)
def test_a_call_that_is_refused_for_the_types_of_a_job(
    words: str, then: str, *, by_job: bool
) -> None:
    """L11: also where EC2 makes no fleet, the job that named the types fails alone."""
    failed = OperationFailed("configuration", words, then="breaker")
    told = of_call(failed, by_job=by_job)
    assert (told.reason, told.message, told.then) == ("configuration", words, then)


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
        "m7a.large in us-east-1a, m7i.large in us-east-1a and 1 more): said of m7i.large; "
        "SpotMaxPriceTooLow (r7i.large in ?): said of r7i.large"
    )


def test_a_refusal_without_errors_has_words() -> None:
    """EC2 may give none at all."""
    assert refusal_of([], ZONES, "on-demand").message == (
        "no on-demand machine: EC2 gave no reason"
    )
