"""Permissions: who may not, is told so before anything is done; a dry run is told that it may."""

from __future__ import annotations

from typing import Final

from jobsched.testing.ec2.call import Call
from jobsched.testing.ec2.refusal import UNAUTHORIZED, Refusal
from jobsched.testing.ec2.switches import Switches, is_named

#: how each protocol says that a permission is missing
DENIED: Final = {
    "ec2": ("UnauthorizedOperation", 403),
    "query": ("AccessDenied", 403),
    "json": ("AccessDeniedException", 400),
}
#: services that answer for every region
GLOBAL: Final = frozenset({"iam", "sts", "pricing"})
MAY: Final = "Request would have succeeded, but DryRun flag is set."


def check(switches: Switches, call: Call, region: str) -> None:
    """Raise a Refusal for a call of a wrong region, without a permission, or of a dry run."""
    if not call.service:
        raise Refusal("MissingAuthenticationToken", "Request is missing a signature", status=403)
    if call.region != region and call.service not in GLOBAL:
        words = f"Credential should be scoped to a valid region, not '{call.region}': "
        raise Refusal("AuthFailure", f"{words}this endpoint is the one of '{region}'")
    # AWS lets everybody ask who they are.
    if call.operation != "GetCallerIdentity" and is_named(switches.deny, call.action):
        code, status = DENIED[call.protocol]
        raise Refusal(code, UNAUTHORIZED, status=status)
    if call.is_dry_run:
        raise Refusal("DryRunOperation", MAY)


__all__ = ["check"]
