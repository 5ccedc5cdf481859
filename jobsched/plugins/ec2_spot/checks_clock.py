"""Whether this machine's clock and AWS' agree: requests are signed with the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from jobsched.contracts.check import Finding
from jobsched.plugins.ec2_spot.checks_failure import Ec2Check
from jobsched.plugins.ec2_spot.client import Aws

WARNED: Final = timedelta(seconds=1)
FAILED: Final = timedelta(seconds=5)
#: AWS tells whole seconds
COARSE: Final = timedelta(seconds=1)


class Skew(Ec2Check):
    """As AWS tells the time with each answer."""

    name = "ec2.clock"

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        before = datetime.now(UTC)
        theirs = await self._aws.date()
        if theirs is None:
            return Finding("unknown", "AWS does not tell the time with its answers")
        return of_skew(theirs, before, datetime.now(UTC))


def of_skew(theirs: datetime, before: datetime, after: datetime) -> Finding:
    """Say what a time that was told between two moments means. Pure."""
    skew = max(before - theirs - COARSE, theirs - after, timedelta())
    words = f"the clocks of AWS and of this machine are {skew.total_seconds():.1f} s apart"
    if skew > FAILED:
        return Finding("fail", f"{words}: let this machine follow NTP")
    if skew > WARNED:
        return Finding("warn", f"{words}: let this machine follow NTP")
    return Finding("pass", words)


__all__ = ["Skew", "of_skew"]
