"""What an answer of EC2 that is an error means: the provider ``ec2_spot`` says the same of it.

A plugin may not be imported, so that this is said twice; a test holds the two to each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jobsched.errors import Effect, OperationFailed, ProviderFailed
from jobsched.testing.ec2.refusal import Refusal

DEAD: Final = "IdempotentInstanceTerminated"
MISMATCH: Final = "IdempotentParameterMismatch"
NOT_FOUND: Final = "InvalidInstanceID.NotFound"
#: reason of a call that nobody answered
NO_ANSWER: Final = "no_answer"
THROTTLED: Final = "RequestLimitExceeded"
CAPACITY: Final = frozenset(
    {
        DEAD,
        "InsufficientFreeAddressesInSubnet",
        "InsufficientInstanceCapacity",
        "SpotMaxPriceTooLow",
    }
)
QUOTA: Final = frozenset(
    {"MaxSpotInstanceCountExceeded", "VcpuLimitExceeded", "VolumeLimitExceeded"}
)
PERMISSION: Final = ("AuthFailure", "UnauthorizedOperation")
#: each stands for all codes that begin with it
CONFIGURATION: Final = (
    *PERMISSION,
    "InvalidAMI",
    "InvalidAction",
    "InvalidGroup",
    "InvalidKeyPair",
    "InvalidLaunchTemplate",
    "InvalidParameter",
    "InvalidSubnet",
    "InvalidUserData",
    "Missing",
)
SERVER_ERROR: Final = 500


def of_call(refusal: Refusal) -> OperationFailed:
    """Give the error of a call that was refused. Pure."""
    is_server = refusal.status >= SERVER_ERROR and refusal.code != THROTTLED
    return of_code(refusal.code, refusal.message, in_doubt=is_server)


def of_code(code: str, message: str, *, in_doubt: bool = False) -> OperationFailed:
    """Give the error of a code. Pure.

    Args:
        code: EC2's own.
        message: EC2's own words.
        in_doubt: whether the call may have had its effect all the same.
    """
    words = f"{code}: {message}"
    effect: Effect = "unknown" if in_doubt else "none"
    if code in CAPACITY and not in_doubt:
        return ProviderFailed("no_capacity", words, then="next")
    if code in QUOTA and not in_doubt:
        return ProviderFailed("quota", words, then="next")
    if code == THROTTLED:
        return ProviderFailed("throttled", words, effect=effect, then="later")
    if code == MISMATCH:
        return ProviderFailed("token_mismatch", words, effect="unknown", then="later")
    if code.startswith(CONFIGURATION) and not in_doubt:
        return ProviderFailed("configuration", words, then="breaker")
    return ProviderFailed("aws_error", words, effect="unknown", then="later")


def of_fleet(errors: Sequence[Mapping[str, Any]]) -> OperationFailed:
    """Give the error of a fleet without a machine: definite, and its token is used up. Pure."""
    codes = [str(error["ErrorCode"]) for error in errors]
    found = {of_code(code, "").reason for code in codes}
    words = "no machine: " + (", ".join(codes) or "EC2 gave no reason")
    if found == {"configuration"} or any(code.startswith(PERMISSION) for code in codes):
        return ProviderFailed("configuration", words, then="breaker")
    if "quota" in found:
        return ProviderFailed("quota", words, then="next")
    reason = "throttled" if found == {"throttled"} else "no_capacity"
    return ProviderFailed(reason, words, then="next")


def lost(operation: str) -> OperationFailed:
    """Give the error of a call that nobody answered. Pure."""
    return ProviderFailed(NO_ANSWER, f"{operation}: imagined", effect="unknown", then="later")


def has_code(error: OperationFailed, code: str) -> bool:
    """Whether a call was answered with this code. Pure."""
    return error.message.startswith(f"{code}: ")


__all__ = [
    "CAPACITY",
    "CONFIGURATION",
    "DEAD",
    "MISMATCH",
    "NOT_FOUND",
    "NO_ANSWER",
    "QUOTA",
    "THROTTLED",
    "has_code",
    "lost",
    "of_call",
    "of_code",
    "of_fleet",
]
