"""What an error of AWS means: refused, later, wrong settings, or unknown.

The classes follow "Error codes for the Amazon EC2 API" in the EC2 API reference.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from jobsched.errors import Effect, OperationFailed

#: no such machine now: the next offer
CAPACITY: Final = frozenset(
    {
        "InsufficientInstanceCapacity",
        "InsufficientHostCapacity",
        "InsufficientReservedInstanceCapacity",
        "InsufficientCapacity",
        "InsufficientFreeAddressesInSubnet",
        "UnfulfillableCapacity",
        "Unsupported",
        "SpotMaxPriceTooLow",
        "IdempotentInstanceTerminated",
    }
)
#: the account may not have more now: the next offer may count elsewhere; the operator is told
QUOTA: Final = frozenset(
    {
        "InstanceLimitExceeded",
        "MaxFleetCountExceeded",
        "MaxSpotInstanceCountExceeded",
        "MaxSpotFleetRequestCountExceeded",
        "VcpuLimitExceeded",
        "VolumeLimitExceeded",
    }
)
#: too many calls: the same again, later
THROTTLE: Final = frozenset(
    {"RequestLimitExceeded", "RequestThrottled", "Throttling", "ThrottlingException"}
)
#: wrong settings or rights: no job can be served until an operator has looked
CONFIGURATION: Final = (
    "AccessDenied",
    "AuthFailure",
    "Blocked",
    "InvalidAMI",
    "InvalidBlockDeviceMapping",
    "InvalidClientTokenId",
    "InvalidGroup",
    "InvalidIamInstanceProfile",
    "InvalidKeyPair",
    "InvalidLaunchTemplate",
    "InvalidParameter",
    "InvalidSecurityGroup",
    "InvalidSubnet",
    "InvalidUserData",
    "MalformedQueryString",
    "MissingParameter",
    "OptInRequired",
    "ParameterNotFound",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
)
#: the token was sent before with other parameters: what it made must be looked for
MISMATCH: Final = "IdempotentParameterMismatch"
SERVER_ERROR: Final = 500


def of_aws(error: ClientError, operation: str) -> OperationFailed:
    """Classify an answer that is an error.

    An error that came only after the SDK had sent the call again says nothing of the first one: its
    effect is unknown.
    """
    described = error.response.get("Error", {})
    about = error.response.get("ResponseMetadata", {})
    repeated = about.get("RetryAttempts", 0) > 0
    status = about.get("HTTPStatusCode", 0)
    return of_code(
        described.get("Code", ""),
        f"{operation}: {described.get('Message', '')}",
        in_doubt=repeated or status >= SERVER_ERROR,
    )


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
    if code in THROTTLE:
        return OperationFailed("throttled", words, effect=_effect(in_doubt=in_doubt), then="later")
    if code == MISMATCH:
        return OperationFailed("token_mismatch", words, effect="unknown", then="later")
    if _is_configuration(code) and not in_doubt:
        return OperationFailed("configuration", words, then="breaker")
    return OperationFailed("aws_error", words, effect="unknown", then="later")


def no_answer(error: BotoCoreError, operation: str) -> OperationFailed:
    """Classify a call that got no answer, or was never sent."""
    words = f"{operation}: {error}"
    if isinstance(error, NoCredentialsError | NoRegionError):
        return OperationFailed("configuration", words, then="breaker")
    return OperationFailed("no_answer", words, effect="unknown", then="later")


def is_not_found(error: OperationFailed, codes: Iterable[str] = ("InvalidInstanceID",)) -> bool:
    """Whether AWS said that there is no such thing (as far as it can see yet)."""
    return any(error.message.startswith(code) for code in codes)


def _is_configuration(code: str) -> bool:
    return code.startswith(CONFIGURATION)


def _effect(*, in_doubt: bool) -> Effect:
    return "unknown" if in_doubt else "none"


__all__ = [
    "CAPACITY",
    "CONFIGURATION",
    "MISMATCH",
    "QUOTA",
    "THROTTLE",
    "is_not_found",
    "no_answer",
    "of_aws",
    "of_code",
]
