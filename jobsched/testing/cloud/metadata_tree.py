"""The values of `/latest/meta-data/`, and their listings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jobsched.testing.cloud import body

Machine = Mapping[str, Any]


def read(machine: Machine, wanted: str) -> bytes | None:
    """Give a value, or the names below a path; None: there is nothing."""
    wanted = wanted.strip("/")
    values = _values(machine)
    if wanted in values:
        return values[wanted].encode()
    below = f"{wanted}/" if wanted else ""
    names = {name.removeprefix(below) for name in values if name.startswith(below)}
    heads = {
        f"{head}/" if rest else head for head, _, rest in (one.partition("/") for one in names)
    }
    return "\n".join(sorted(heads)).encode() or None


def document(machine: Machine) -> dict[str, Any]:
    """Give the identity document, without its signature."""
    return {
        "instanceId": machine["id"],
        "instanceType": machine["type"],
        "imageId": machine["image"],
        "architecture": machine["arch"],
        "availabilityZone": machine["zone"],
        "region": machine["region"],
        "privateIp": machine["ip_address"],
        "pendingTime": _time(machine["launched_at"]),
        "accountId": "123456789012",
        "version": "2017-09-30",
    }


def _values(machine: Machine) -> dict[str, str]:
    named = f"{body.hostname(machine)}.ec2.internal"
    values = {
        "ami-id": machine["image"],
        "hostname": named,
        "instance-id": machine["id"],
        "instance-life-cycle": machine["market"],
        "instance-type": machine["type"],
        "local-hostname": named,
        "local-ipv4": machine["ip_address"],
        "placement/availability-zone": machine["zone"],
        "placement/region": machine["region"],
    }
    if machine["public_address"]:
        values["public-ipv4"] = machine["public_address"]
    if machine["notice_at"]:
        ends = _time(machine["ending_at"])
        values["spot/instance-action"] = json.dumps({"action": "terminate", "time": ends})
        values["spot/termination-time"] = ends
    if machine["rebalance_at"]:
        told = json.dumps({"noticeTime": _time(machine["rebalance_at"])})
        values["events/recommendations/rebalance"] = told
    if (machine["settings"].get("MetadataOptions") or {}).get("InstanceMetadataTags") == "enabled":
        values |= {f"tags/instance/{key}": value for key, value in machine["tags"].items()}
    return values


def _time(written: str) -> str:
    return datetime.fromisoformat(written).strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["document", "read"]
