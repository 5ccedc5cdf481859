"""Whether disks are paid for that no machine uses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from jobsched.contracts.check import Finding
from jobsched.plugins.ec2_spot.checks_failure import Ec2Check, listed
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.volumes import left

#: workers remove those that are older than ten minutes, every five minutes
OLD: Final = timedelta(minutes=20)
HOUR: Final = timedelta(hours=1)


class Volumes(Ec2Check):
    """What machines left behind is removed by workers; nothing is removed here."""

    name = "ec2.volumes"

    def __init__(self, aws: Aws, deployment: str) -> None:
        self._aws = aws
        self._deployment = deployment

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        now = datetime.now(UTC)
        ages = {one["VolumeId"]: one for one in await left(self._aws, self._deployment)}
        told = [
            f"{name} ({one['Size']} GiB, {(now - one['CreateTime']) / HOUR:.1f} h)"
            for name, one in ages.items()
            if now - one["CreateTime"] > OLD
        ]
        if told:
            words = f"{len(told)} disks that no machine uses: {listed(told)}"
            way = "workers remove them, if one runs and may (ec2:DeleteVolume)"
            return Finding("warn", f"{words}; {way}")
        return Finding("pass", "no disk is left behind")


__all__ = ["Volumes"]
