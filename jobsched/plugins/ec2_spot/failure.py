"""What an error of AWS means: refused, later, wrong settings, or unknown.

The classes follow "Error codes for the Amazon EC2 API" in the EC2 API reference.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    InvalidConfigError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    UnknownServiceError,
)

from jobsched.errors import Effect, OperationFailed

#: the token's machine was there, and is dead
DEAD: Final = "IdempotentInstanceTerminated"
#: no such machine now: the next offer
CAPACITY: Final = frozenset(
    {
        DEAD,
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
    }
)
#: the account may not have more now: the next offer may count elsewhere; the operator is told
QUOTA: Final = frozenset(
    {
        "InstanceLimitExceeded",
        "MaxFleetCountExceeded",
        "MaxIOPSLimitExceeded",
        "MaxSpotFleetRequestCountExceeded",
        "MaxSpotInstanceCountExceeded",
        "NetworkInterfaceLimitExceeded",
        "ResourceLimitExceeded",
        "VcpuLimitExceeded",
        "VolumeLimitExceeded",
    }
)
#: too many calls: the same again, later
THROTTLE: Final = frozenset(
    {
        "EC2ThrottledException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
#: keys that ran out; a role gives new ones: the same again, later. Each stands for all codes that
#: begin with it.
EXPIRED: Final = ("ExpiredToken", "InvalidSecurity.RequestHasExpired", "RequestExpired")
#: wrong settings or rights: no job can be served until an operator has looked. Each stands for all
#: codes that begin with it.
CONFIGURATION: Final = (
    "AccessDenied",
    "AuthFailure",
    "Blocked",
    "BootForVolumeTypeUnsupported",
    "CustomerKeyHasBeenRevoked",
    "DefaultVpcDoesNotExist",
    "EncryptedVolumesNotSupported",
    "IncompleteSignature",
    "InvalidAction",
    "InvalidAMI",
    "InvalidAvailabilityZone",
    "InvalidBlockDeviceMapping",
    "InvalidCharacter",
    "InvalidClientToken",
    "InvalidFleetConfig",
    "InvalidGroup",
    "InvalidIamInstanceProfile",
    "InvalidID",
    "InvalidInput",
    "InvalidInstanceAttributeValue",
    "InvalidInstanceType",
    "InvalidKeyPair",
    "InvalidLaunchTemplate",
    "InvalidParameter",
    "InvalidPermission",
    "InvalidQueryParameter",
    "InvalidRegion",
    "InvalidRequest",
    "InvalidSecurity",
    "InvalidSnapshot",
    "InvalidSpotFleetRequestConfig",
    "InvalidSubnet",
    "InvalidTag",
    "InvalidTenancy",
    "InvalidUserData",
    "InvalidVpc",
    "InvalidZone",
    "MalformedQueryString",
    "MaxTemplate",
    "Missing",
    "NoSuchVersion",
    "OptInRequired",
    "ParameterNotFound",
    "ParameterVersionNotFound",
    "PendingVerification",
    "RulesPerSecurityGroupLimitExceeded",
    "SecurityGroup",
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
)
#: the token was sent before with other parameters: what it made must be looked for
MISMATCH: Final = "IdempotentParameterMismatch"
SERVER_ERROR: Final = 500
#: the SDK refuses to send it: settings or rights of this machine are wrong, or the SDK is too old
#: for a parameter
NEVER_SENT: Final = (
    InvalidConfigError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    UnknownServiceError,
)
#: there are no keys now: a role's are had from a service that may be away for a moment
NO_KEYS: Final = (CredentialRetrievalError, NoCredentialsError)


def of_aws(error: ClientError, operation: str) -> OperationFailed:
    """Classify an answer that is an error.

    An error that came only after the SDK had sent the call again says nothing of the first one: its
    effect is unknown.
    """
    described = error.response.get("Error", {})
    about = error.response.get("ResponseMetadata", {})
    repeated = about.get("RetryAttempts", 0) > 0
    code = described.get("Code", "")
    # a call that is throttled was not carried out, though EC2 says so with a server's error (503)
    is_server = about.get("HTTPStatusCode", 0) >= SERVER_ERROR and code not in THROTTLE
    words = f"{operation}: {described.get('Message', '')}"
    return of_code(code, words, in_doubt=repeated or is_server)


def of_code(code: str, message: str, *, in_doubt: bool = False) -> OperationFailed:
    """Classify an error by its code.

    Args:
        code: AWS' own.
        message: AWS' own words, for the user.
        in_doubt: whether the call may have had its effect all the same.
    """
    words = f"{code}: {message}"
    if code in CAPACITY and not in_doubt:
        return OperationFailed("no_capacity", words, then="next")
    if code in QUOTA and not in_doubt:
        return OperationFailed("quota", words, then="next")
    effect = _effect(in_doubt=in_doubt)
    if code in THROTTLE:
        return OperationFailed("throttled", words, effect=effect, then="later")
    if code.startswith(EXPIRED):
        return OperationFailed("credentials", words, effect=effect, then="later")
    if code == MISMATCH:
        return OperationFailed("token_mismatch", words, effect="unknown", then="later")
    if _is_configuration(code) and not in_doubt:
        return OperationFailed("configuration", words, then="breaker")
    return OperationFailed("aws_error", words, effect="unknown", then="later")


def no_answer(error: BotoCoreError, operation: str) -> OperationFailed:
    """Classify a call that got no answer, or was never sent."""
    words = f"{operation}: {error}"
    if isinstance(error, NO_KEYS):
        return OperationFailed("credentials", words, then="later")
    if isinstance(error, NEVER_SENT):
        return OperationFailed("configuration", words, then="breaker")
    return OperationFailed("no_answer", words, effect="unknown", then="later")


def has_code(error: OperationFailed, codes: Iterable[str]) -> bool:
    """Whether a call was answered with one of these codes, or one that begins with it."""
    return error.message.startswith(tuple(codes))


def _is_configuration(code: str) -> bool:
    return code.startswith(CONFIGURATION)


def _effect(*, in_doubt: bool) -> Effect:
    return "unknown" if in_doubt else "none"


__all__ = [
    "CAPACITY",
    "CONFIGURATION",
    "DEAD",
    "EXPIRED",
    "MISMATCH",
    "NEVER_SENT",
    "NO_KEYS",
    "QUOTA",
    "THROTTLE",
    "has_code",
    "no_answer",
    "of_aws",
    "of_code",
]
