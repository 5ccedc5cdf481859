"""The spot price of an instance type in a zone, from EC2's price history."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from jobsched.plugins.ec2_spot.client import Aws

LINUX: Final = "Linux/UNIX"


async def look_up(aws: Aws, instance_type: str, zone: str, *, now: datetime) -> Decimal:
    """Give US dollars an hour. May be repeated.

    A history that begins and ends now holds the one price that counts now (DescribeSpotPriceHistory
    in the EC2 API reference).

    Raises:
        OperationFailed: it cannot be asked.
        LookupError: there is none: no spot machines of this type in this zone.
    """
    answer = await aws.call(
        "describe_spot_price_history",
        InstanceTypes=[instance_type],
        AvailabilityZone=zone,
        ProductDescriptions=[LINUX],
        StartTime=now,
        EndTime=now,
    )
    history = answer["SpotPriceHistory"]
    if not history:
        raise LookupError("no spot price is listed")
    newest = max(history, key=lambda one: one["Timestamp"])
    return Decimal(newest["SpotPrice"])


__all__ = ["look_up"]
