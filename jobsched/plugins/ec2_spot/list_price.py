"""The list price of an on-demand machine, from the AWS Price List API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from jobsched.plugins.ec2_spot.client import Aws

#: a plain Linux machine that shares its host; each set narrows the list to one product
PLAIN: Final = {
    "operatingSystem": "Linux",
    "preInstalledSw": "NA",
    "tenancy": "Shared",
    "capacitystatus": "Used",
}
REGION: Final = re.compile(r"[a-z]+(?:-[a-z]+)+-\d+")


def region_of(zone: str) -> str:
    """Give the region of a zone: ``us-east-1a`` and ``us-east-1-bos-1a`` are in ``us-east-1``."""
    found = REGION.match(zone)
    return found[0] if found else ""


async def look_up(aws: Aws, instance_type: str, region: str) -> Decimal:
    """Give US dollars an hour. May be repeated.

    Raises:
        OperationFailed: it cannot be asked; the right ``pricing:GetProducts`` is an extra.
        LookupError: not exactly one price is listed.
    """
    wanted = {"instanceType": instance_type, "regionCode": region, **PLAIN}
    filters = [{"Type": "TERM_MATCH", "Field": key, "Value": wanted[key]} for key in sorted(wanted)]
    answer = await aws.call(
        "get_products", "pricing", ServiceCode="AmazonEC2", Filters=filters, MaxResults=10
    )
    prices = {price for text in answer["PriceList"] for price in _per_hour(json.loads(text))}
    if len(prices) != 1:
        raise LookupError(f"{len(prices)} list prices in {region or 'an unknown region'}")
    return prices.pop()


def _per_hour(product: Mapping[str, Any]) -> Iterator[Decimal]:
    for term in product["terms"].get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            if dimension["unit"] == "Hrs" and "USD" in dimension["pricePerUnit"]:
                yield Decimal(dimension["pricePerUnit"]["USD"])


__all__ = ["look_up", "region_of"]
