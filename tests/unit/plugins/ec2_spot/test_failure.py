"""What AWS' errors mean, code by code."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ProfileNotFound,
    ReadTimeoutError,
)

from jobsched.plugins.ec2_spot.failure import no_answer, of_aws, of_code

CAPACITY = [
    "IdempotentInstanceTerminated",
    "InsufficientAddressCapacity",
    "InsufficientCapacity",
    "InsufficientCapacityOnHost",
    "InsufficientFreeAddressesInSubnet",
    "InsufficientHostCapacity",
    "InsufficientInstanceCapacity",
    "InsufficientReservedInstanceCapacity",
    "InsufficientReservedInstancesCapacity",
    "InsufficientVolumeCapacity",
    "ReservationCapacityExceeded",
    "SpotMaxPriceTooLow",
    "UnfulfillableCapacity",
    "Unsupported",
    "VolumeTypeNotAvailableInZone",
]
QUOTA = [
    "InstanceLimitExceeded",
    "MaxFleetCountExceeded",
    "MaxIOPSLimitExceeded",
    "MaxSpotFleetRequestCountExceeded",
    "MaxSpotInstanceCountExceeded",
    "NetworkInterfaceLimitExceeded",
    "ResourceLimitExceeded",
    "VcpuLimitExceeded",
    "VolumeLimitExceeded",
]
THROTTLE = [
    "EC2ThrottledException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "Throttling",
    "ThrottledException",
    "ThrottlingException",
    "TooManyRequestsException",
]
CONFIGURATION = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "Blocked",
    "BootForVolumeTypeUnsupported",
    "CustomerKeyHasBeenRevoked",
    "DefaultVpcDoesNotExist",
    "EncryptedVolumesNotSupported",
    "IncompleteSignature",
    "InvalidAction",
    "InvalidAMIID.Malformed",
    "InvalidAMIID.NotFound",
    "InvalidAMIID.Unavailable",
    "InvalidAvailabilityZone",
    "InvalidBlockDeviceMapping",
    "InvalidCharacter",
    "InvalidClientToken",
    "InvalidClientTokenId",
    "InvalidFleetConfig",
    "InvalidFleetConfiguration",
    "InvalidGroup.NotFound",
    "InvalidGroupId.Malformed",
    "InvalidIamInstanceProfileArn.Malformed",
    "InvalidID",
    "InvalidInput",
    "InvalidInstanceAttributeValue",
    "InvalidInstanceType",
    "InvalidKeyPair.NotFound",
    "InvalidLaunchTemplateId.Malformed",
    "InvalidLaunchTemplateId.NotFound",
    "InvalidLaunchTemplateId.VersionNotFound",
    "InvalidLaunchTemplateName.MalformedException",
    "InvalidLaunchTemplateName.NotFoundException",
    "InvalidParameter",
    "InvalidParameterCombination",
    "InvalidParameterDependency",
    "InvalidParameterValue",
    "InvalidPermission.Malformed",
    "InvalidQueryParameter",
    "InvalidRegion",
    "InvalidRequest",
    "InvalidSecurityGroupID.NotFound",
    "InvalidSnapshot.NotFound",
    "InvalidSpotFleetRequestConfig",
    "InvalidSubnet",
    "InvalidSubnetID.NotFound",
    "InvalidTagKey.Malformed",
    "InvalidTenancy",
    "InvalidUserData.Malformed",
    "InvalidVpcID.NotFound",
    "InvalidZone.NotFound",
    "MalformedQueryString",
    "MaxTemplateLimitExceeded",
    "MaxTemplateVersionLimitExceeded",
    "MissingAction",
    "MissingAuthenticationToken",
    "MissingInput",
    "MissingParameter",
    "NoSuchVersion",
    "OptInRequired",
    "ParameterNotFound",
    "ParameterVersionNotFound",
    "PendingVerification",
    "RulesPerSecurityGroupLimitExceeded",
    "SecurityGroupLimitExceeded",
    "SecurityGroupsPerInstanceLimitExceeded",
    "SecurityGroupsPerInterfaceLimitExceeded",
    "SignatureDoesNotMatch",
    "TagLimitExceeded",
    "UnauthorizedOperation",
    "UnknownParameter",
    "UnknownVolumeType",
    "UnrecognizedClientException",
    "UnsupportedOperation",
    "UnsupportedProtocol",
    "UnsupportedTenancy",
    "ValidationError",
    "ValidationException",
    "VPCIdNotSpecified",
    "VPCResourceNotSpecified",
]
EXPIRED = [
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidSecurity.RequestHasExpired",
    "RequestExpired",
]
#: neither refused for good nor surely without effect: the same again
DOUBTFUL = [
    "InternalError",
    "InternalFailure",
    "ServiceUnavailable",
    "Unavailable",
    "",
    "Brand.New",
]


def answered(code: str, *, status: int = 400, retries: int = 0) -> ClientError:
    """An error as the SDK raises it."""
    about = {"HTTPStatusCode": status, "RetryAttempts": retries}
    error = {"Code": code, "Message": "said by EC2"}
    return ClientError({"Error": error, "ResponseMetadata": about}, "CreateFleet")  # type: ignore[typeddict-item] # as much as counts


@pytest.mark.parametrize("code", CAPACITY)
def test_no_room_is_for_the_next_offer(code: str) -> None:
    """L9: no such machine now: definite, and the next offer is tried."""
    failed = of_code(code, "m")
    assert (failed.reason, failed.effect, failed.then) == ("no_capacity", "none", "next")


@pytest.mark.parametrize("code", QUOTA)
def test_a_quota_is_for_the_next_offer(code: str) -> None:
    """L9, L11: the account has what it may have: definite, and told as such."""
    failed = of_code(code, "m")
    assert (failed.reason, failed.effect, failed.then) == ("quota", "none", "next")


@pytest.mark.parametrize("code", THROTTLE)
def test_a_throttled_call_is_made_again(code: str) -> None:
    """L10: the same call later; nothing was done."""
    failed = of_code(code, "m")
    assert (failed.reason, failed.effect, failed.then) == ("throttled", "none", "later")


@pytest.mark.parametrize("code", CONFIGURATION)
def test_wrong_settings_stop_the_provider(code: str) -> None:
    """L11: it would be refused to 10,000 jobs, one after the other."""
    failed = of_code(code, "m")
    assert (failed.reason, failed.effect, failed.then) == ("configuration", "none", "breaker")


@pytest.mark.parametrize("code", DOUBTFUL)
def test_any_other_error_leaves_it_open(code: str) -> None:
    """L3: what no page says is definite is not definite."""
    failed = of_code(code, "m")
    assert (failed.reason, failed.effect, failed.then) == ("aws_error", "unknown", "later")


def test_a_mismatch_is_looked_for() -> None:
    """L6: the token was sent before: there may be a machine."""
    failed = of_code("IdempotentParameterMismatch", "m")
    assert (failed.reason, failed.effect, failed.then) == ("token_mismatch", "unknown", "later")


@pytest.mark.parametrize("code", [CAPACITY[6], QUOTA[0], "UnauthorizedOperation"])
def test_a_refusal_of_a_repeat_says_nothing_of_the_first(code: str) -> None:
    """L3: the SDK had sent it before, without an answer: that one may have had its effect."""
    failed = of_aws(answered(code, retries=1), "create_fleet")
    assert (failed.effect, failed.then) == ("unknown", "later")


@pytest.mark.parametrize("code", ["InsufficientInstanceCapacity", "InternalError"])
def test_an_error_of_the_server_leaves_it_open(code: str) -> None:
    """L3: a 500 may come after the effect."""
    failed = of_aws(answered(code, status=500), "create_fleet")
    assert (failed.effect, failed.then) == ("unknown", "later")


def test_a_throttled_call_was_not_carried_out() -> None:
    """L10: EC2 throttles with a 503, and only a repeat leaves it open."""
    first = of_aws(answered("RequestLimitExceeded", status=503), "create_fleet")
    repeat = of_aws(answered("RequestLimitExceeded", status=503, retries=2), "create_fleet")
    assert (first.reason, first.effect) == ("throttled", "none")
    assert (repeat.reason, repeat.effect) == ("throttled", "unknown")


def test_the_words_are_those_of_aws() -> None:
    """The user reads the code, the operation and AWS' own sentence."""
    failed = of_aws(answered("VcpuLimitExceeded"), "create_fleet")
    assert failed.message == "VcpuLimitExceeded: create_fleet: said by EC2"


@pytest.mark.parametrize(
    "error",
    [
        NoRegionError(),
        ProfileNotFound(profile="jobs"),
        ParamValidationError(report="Unknown parameter in input"),
    ],
)
def test_what_was_never_sent_is_for_the_operator(error: Exception) -> None:
    """L11: the SDK would refuse it each time."""
    failed = no_answer(error, "create_fleet")  # type: ignore[arg-type] # all of BotoCoreError
    assert (failed.reason, failed.effect, failed.then) == ("configuration", "none", "breaker")


@pytest.mark.parametrize(
    "error",
    [NoCredentialsError(), CredentialRetrievalError(provider="iam-role", error_msg="away")],
)
def test_keys_that_are_not_there_come_back(error: Exception) -> None:
    """L11: the service that gives a role's keys is away: nothing was sent, nobody is halted."""
    failed = no_answer(error, "create_fleet")  # type: ignore[arg-type] # all of BotoCoreError
    assert (failed.reason, failed.effect, failed.then) == ("credentials", "none", "later")


@pytest.mark.parametrize("code", EXPIRED)
def test_keys_that_ran_out_are_renewed(code: str) -> None:
    """L11: the same call later, with new ones; after a repeat of the SDK's own it is open."""
    first = of_aws(answered(code), "create_fleet")
    repeat = of_aws(answered(code, retries=1), "create_fleet")
    assert (first.reason, first.effect, first.then) == ("credentials", "none", "later")
    assert (repeat.reason, repeat.effect, repeat.then) == ("credentials", "unknown", "later")


@pytest.mark.parametrize("kind", [ReadTimeoutError, ConnectTimeoutError])
def test_no_answer_leaves_it_open(kind: type[ReadTimeoutError]) -> None:
    """L3: a time-out says nothing of the effect."""
    failed = no_answer(kind(endpoint_url="http://127.0.0.1"), "create_fleet")
    assert (failed.reason, failed.effect, failed.then) == ("no_answer", "unknown", "later")
