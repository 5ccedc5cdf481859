"""What machines cost: on-demand from the catalogue, spot a third of it unless a switch says so."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from jobsched.testing.ec2.catalogue import InstanceType
from jobsched.testing.ec2.clock import at
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.estate import Estate
from jobsched.testing.ec2.filtering import page, wanted_by
from jobsched.testing.ec2.switches import first_match

SHARE: Final = Decimal("0.35")
PRODUCT: Final = "Linux/UNIX"
HOUR: Final = 3600


def spot(cloud: Cloud, kind: InstanceType, zone: str) -> Decimal:
    """Give the spot price of a type in a zone, in US dollars an hour."""
    told = first_match(cloud.switches.price, f"{kind.name}/{zone}")
    return Decimal(str(told)) if told is not None else (kind.on_demand * SHARE).quantize(SHARE / 50)


def of(cloud: Cloud, kind: InstanceType, zone: str, market: str) -> Decimal:
    """Give the price of a pool, in US dollars an hour."""
    return spot(cloud, kind, zone) if market == "spot" else kind.on_demand


def describe_history(cloud: Cloud, account: Estate, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer DescribeSpotPriceHistory: for each type and zone the one price of this hour."""
    zones = sorted(account.zones())
    if asked.get("AvailabilityZone"):
        zones = [zone for zone in zones if zone == asked["AvailabilityZone"]]
    names = asked.get("InstanceTypes") or account.catalogue()
    rows = [
        _row(cloud, account.type(name), zone, asked.get("StartTime"))
        for name in names
        for zone in zones
    ]
    filters = {
        "availability-zone": lambda row: [row["AvailabilityZone"]],
        "instance-type": lambda row: [row["InstanceType"]],
        "product-description": lambda row: [row["ProductDescription"]],
        "spot-price": lambda row: [row["SpotPrice"]],
    }
    products = asked.get("ProductDescriptions") or [PRODUCT]
    found = wanted_by(asked, rows if PRODUCT in products else [], filters)
    shown, more = page(found, asked, cloud.switches.page_size)
    return {"SpotPriceHistory": shown, **more}


def _row(cloud: Cloud, kind: InstanceType, zone: str, start: datetime | None) -> dict[str, Any]:
    hour = cloud.now() // HOUR * HOUR
    since = min(hour, start.timestamp()) if start else hour
    return {
        "AvailabilityZone": zone,
        "InstanceType": kind.name,
        "ProductDescription": PRODUCT,
        "SpotPrice": f"{spot(cloud, kind, zone):.6f}",
        "Timestamp": at(since),
    }


__all__ = ["describe_history", "of", "spot"]
