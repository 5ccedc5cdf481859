"""What it means that a fleet was made and has no machine: the errors of its pools, taken together.

Such a fleet is a definite refusal: it never gets a machine, and its token is used up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from jobsched.errors import OperationFailed, Then
from jobsched.plugins.ec2_spot import failure
from jobsched.plugins.ec2_spot.wording import first_of

#: codes that say that the account may not do this, whichever pool is asked for
PERMISSION: Final = (
    "AccessDenied",
    "AuthFailure",
    "Blocked",
    "OptInRequired",
    "PendingVerification",
    "UnauthorizedOperation",
)
#: what only an operator can have set wrong: each stands for all codes that begin with it
OPERATORS: Final = (
    "InvalidAMI",
    "InvalidBlockDeviceMapping",
    "InvalidGroup",
    "InvalidIamInstanceProfile",
    "InvalidKeyPair",
    "InvalidLaunchTemplate",
    "InvalidSecurityGroup",
    "InvalidSnapshot",
    "InvalidSubnet",
    "InvalidUserData",
    "InvalidVpc",
    "SecurityGroup",
)
#: the same by EC2's words: of a wrong profile it says only that a parameter is wrong
PROFILE: Final = re.compile(r"instance ?profile", re.IGNORECASE)
#: the type is not offered in that zone
NOT_OFFERED: Final = "InvalidFleetConfiguration"
#: how EC2 speaks of what a job may name
OF_TYPES: Final = re.compile(r"instance[ -]?(type|requirement)", re.IGNORECASE)
#: pools that are named for each code
NAMED: Final = 3
#: characters of AWS' own words for each code
LONGEST: Final = 300


class FleetRefused(OperationFailed):
    """A fleet has no machine. Its token is used up: the same request never has one.

    Args:
        reason: as of every failure; so are ``message`` and ``then``.
        codes: what EC2 said, once each, of whichever pool.
    """

    def __init__(self, reason: str, message: str, *, then: Then, codes: Iterable[str]) -> None:
        super().__init__(reason, message, then=then)
        self.codes = frozenset(codes)


def refusal_of(
    errors: Sequence[Mapping[str, Any]],
    zones: Mapping[str, str],
    market: str,
    *,
    by_job: bool = False,
) -> FleetRefused:
    """Make the error of a fleet without a machine. Pure.

    Wrong rights end it for every offer and every job, and so does what the operator has set wrong.
    Another wrong parameter that each pool has is the fault of a job that named types or needs, and
    ends that job alone. Whatever else is wrong is wrong with the pools, so that the next offer may
    do.

    Args:
        errors: ``Errors[]`` of CreateFleet; EC2 gives one for each pool, or none at all.
        zones: subnet → zone.
        market: ``spot`` or ``on-demand``, for the user.
        by_job: whether the job itself says which types, or what they must have.
    """
    codes = {str(error.get("ErrorCode", "")) for error in errors}
    found = {_reason(code) for code in codes}
    words = f"no {market} machine: {_words(errors, zones) or 'EC2 gave no reason'}"
    then: Then = "next"
    if any(code.startswith(PERMISSION) for code in codes):
        reason, then = "configuration", "breaker"
    elif found == {"configuration"}:
        is_jobs = by_job and not any(_is_operators(error) for error in errors)
        reason, then = "configuration", "fail" if is_jobs else "breaker"
    elif "quota" in found:
        reason = "quota"
    else:
        reason = "throttled" if found == {"throttled"} else "no_capacity"
    return FleetRefused(reason, words, then=then, codes=codes)


def of_call(error: OperationFailed, *, by_job: bool) -> OperationFailed:
    """Give the error of a call that made no fleet: that of the job alone, if it named such types.

    Pure.
    """
    is_parameter = failure.has_code(error, ("InvalidInstance", "InvalidParameter"))
    if by_job and is_parameter and error.then == "breaker" and OF_TYPES.search(error.message):
        return OperationFailed(error.reason, error.message, effect=error.effect, then="fail")
    return error


def _reason(code: str) -> str:
    return "no_capacity" if code == NOT_OFFERED else failure.of_code(code, "").reason


def _is_operators(error: Mapping[str, Any]) -> bool:
    code, words = str(error.get("ErrorCode", "")), str(error.get("ErrorMessage", ""))
    return code.startswith(OPERATORS) or bool(PROFILE.search(words))


def _words(errors: Iterable[Mapping[str, Any]], zones: Mapping[str, str]) -> str:
    """Say which pools were refused, code by code, and AWS' first sentence about each."""
    pools: dict[str, list[str]] = defaultdict(list)
    said: dict[str, str] = {}
    for error in errors:
        code = str(error.get("ErrorCode", "unknown"))
        pools[code].append(_pool(error, zones))
        said.setdefault(code, str(error.get("ErrorMessage", ""))[:LONGEST])
    return "; ".join(
        f"{code} ({first_of(sorted(set(names)), NAMED)})"
        + (f": {said[code]}" if said[code] else "")
        for code, names in pools.items()
    )


def _pool(error: Mapping[str, Any], zones: Mapping[str, str]) -> str:
    pool = error.get("LaunchTemplateAndOverrides", {}).get("Overrides", {})
    zone = pool.get("AvailabilityZone") or zones.get(pool.get("SubnetId", ""), "?")
    return f"{pool.get('InstanceType', 'any type')} in {zone}"


__all__ = ["NOT_OFFERED", "OPERATORS", "PERMISSION", "FleetRefused", "of_call", "refusal_of"]
