"""Disks that machines left behind.

Nothing else of a machine outlives it: its network interface goes with it, it has no address of its
own, and the fleet that made it is of the type ``instant``, which asks once, synchronously. Of that
no spot request stays open: a one-time request is closed with its machine, and one that got none was
never placed. So a disk is all that can be left, where EC2 did not keep to ``DeleteOnTermination``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import tags
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.failure import has_code

#: a younger one may be on its way to the machine that it was made for
SPARED: Final = timedelta(minutes=10)
#: the most that DescribeVolumes gives in a page
PAGE: Final = 500
#: nothing to do: it is gone, or in use after all
SETTLED: Final = ("InvalidVolume.NotFound", "VolumeInUse")


async def remove_leftovers(aws: Aws, deployment: str, now: datetime) -> list[str]:
    """Delete the deployment's volumes that no machine uses; say which. May be repeated.

    Args:
        aws: the way to EC2.
        deployment: only volumes with its tag are looked at.
        now: the store's time.

    Raises:
        OperationFailed: the list could not be had; or some could not be deleted, after all were
            tried.
    """
    until = now - SPARED
    removed: list[str] = []
    failed: list[OperationFailed] = []
    for volume in await left(aws, deployment):
        if volume["CreateTime"] > until:
            continue
        try:
            if await _deleted(aws, volume):
                removed.append(f"volume {volume['VolumeId']} ({volume['Size']} GiB)")
        except OperationFailed as error:
            failed.append(error)
    if failed:
        words = f"{len(failed)} left, {len(removed)} removed: {failed[0].message}"
        raise OperationFailed(failed[0].reason, words, effect="unknown") from failed[0]
    return removed


async def left(aws: Aws, deployment: str) -> list[Mapping[str, Any]]:
    """Give the deployment's volumes that no machine uses, as EC2 describes them.

    Raises:
        OperationFailed: the list could not be had.
    """
    return await aws.pages(
        "describe_volumes",
        "Volumes",
        Filters=[tags.having(tags.DEPLOYMENT, deployment), *tags.filters(status="available")],
        MaxResults=PAGE,
    )


async def _deleted(aws: Aws, volume: Mapping[str, Any]) -> bool:
    try:
        await aws.call("delete_volume", VolumeId=volume["VolumeId"])
    except OperationFailed as error:
        if has_code(error, SETTLED):
            return False
        raise
    return True


__all__ = ["left", "remove_leftovers"]
