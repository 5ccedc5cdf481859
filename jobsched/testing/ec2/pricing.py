"""GetProducts of the price list: on-demand prices of Linux machines in the served region."""

from __future__ import annotations

import json
from typing import Any

from jobsched.testing.ec2.account import Account
from jobsched.testing.ec2.answer import Answer, of_json
from jobsched.testing.ec2.call import Call
from jobsched.testing.ec2.catalogue import TYPES, InstanceType
from jobsched.testing.ec2.refusal import Refusal


def answer(account: Account, call: Call) -> Answer:
    """Answer GetProducts; filters are exact terms on the products' attributes.

    Raises:
        Refusal: another operation.
    """
    if call.operation != "GetProducts":
        raise Refusal("UnknownOperationException", "The fake knows GetProducts only.")
    asked = call.parameters()
    terms = {one["Field"]: one["Value"] for one in asked.get("Filters", ())}
    found = [_product(kind, account.region) for kind in TYPES.values()]
    fitting = [one for one in found if _fits(one["product"]["attributes"], terms)]
    shown = fitting[: asked.get("MaxResults", 100)]
    return of_json({"FormatVersion": "aws_v1", "PriceList": [json.dumps(one) for one in shown]})


def _fits(attributes: dict[str, str], terms: dict[str, str]) -> bool:
    # A field that the fake has no value for is no reason to hide a product.
    return all(attributes.get(field, value) == value for field, value in terms.items())


def _product(kind: InstanceType, region: str) -> dict[str, Any]:
    key = kind.name.upper().replace(".", "")
    price = {"unit": "Hrs", "pricePerUnit": {"USD": f"{kind.on_demand:.10f}"}}
    term = {"priceDimensions": {f"{key}.H": price}, "termAttributes": {}}
    attributes = {
        "instanceType": kind.name,
        "regionCode": region,
        "operatingSystem": "Linux",
        "preInstalledSw": "NA",
        "tenancy": "Shared",
        "capacitystatus": "Used",
        "licenseModel": "No License required",
        "marketoption": "OnDemand",
    }
    product = {"sku": key, "productFamily": "Compute Instance", "attributes": attributes}
    return {
        "product": product,
        "serviceCode": "AmazonEC2",
        "terms": {"OnDemand": {f"{key}.T": term}},
    }


__all__ = ["answer"]
