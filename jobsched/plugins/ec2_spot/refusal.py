"""What it means that a fleet was made and has no machine: the errors of its pools, taken together.

Such a fleet is a definite refusal: it never gets a machine, and its token is used up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import failure

#: codes that say that the account may not do this, whichever pool is asked for
PERMISSION: Final = (
    "AccessDenied",
    "AuthFailure",
    "Blocked",
    "OptInRequired",
    "PendingVerification",
    "UnauthorizedOperation",
)
#: pools that are named for each code
NAMED: Final = 3
#: characters of AWS' own words for each code
LONGEST: Final = 300


def refusal_of(
    errors: Sequence[Mapping[str, Any]], zones: Mapping[str, str], market: str
) -> OperationFailed:
    """Make the error of a fleet without a machine. Pure.

    Wrong rights end it for every offer, and so does a wrong parameter that each pool has. Whatever
    else is wrong is wrong with the pools, so that the next offer may do.

    Args:
        errors: ``Errors[]`` of CreateFleet; EC2 gives one for each pool, or none at all.
        zones: subnet → zone.
        market: ``spot`` or ``on-demand``, for the user.
    """
    codes = [str(error.get("ErrorCode", "")) for error in errors]
    found = {failure.of_code(code, "").reason for code in codes}
    words = f"no {market} machine: {_words(errors, zones) or 'EC2 gave no reason'}"
    if any(code.startswith(PERMISSION) for code in codes) or found == {"configuration"}:
        return OperationFailed("configuration", words, then="breaker")
    if "quota" in found:
        return OperationFailed("quota", words, then="next")
    if found == {"throttled"}:
        return OperationFailed("throttled", words, then="next")
    return OperationFailed("no_capacity", words, then="next")


def _words(errors: Iterable[Mapping[str, Any]], zones: Mapping[str, str]) -> str:
    """Say which pools were refused, code by code, and AWS' first sentence about each."""
    pools: dict[str, list[str]] = defaultdict(list)
    said: dict[str, str] = {}
    for error in errors:
        code = str(error.get("ErrorCode", "unknown"))
        pools[code].append(_pool(error, zones))
        said.setdefault(code, str(error.get("ErrorMessage", ""))[:LONGEST])
    return "; ".join(
        f"{code} ({_listed(sorted(set(names)))})" + (f": {said[code]}" if said[code] else "")
        for code, names in pools.items()
    )


def _pool(error: Mapping[str, Any], zones: Mapping[str, str]) -> str:
    pool = error.get("LaunchTemplateAndOverrides", {}).get("Overrides", {})
    zone = pool.get("AvailabilityZone") or zones.get(pool.get("SubnetId", ""), "?")
    return f"{pool.get('InstanceType', 'any type')} in {zone}"


def _listed(names: Sequence[str]) -> str:
    more = f", {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


__all__ = ["PERMISSION", "refusal_of"]
