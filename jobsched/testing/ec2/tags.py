"""Tags: read from a launch, listed as EC2 lists them, set and removed later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jobsched.testing.ec2.cloud import Cloud


def tags_for(kind: str, specifications: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Give the tags that things of a kind get at their launch."""
    return {
        tag["Key"]: tag.get("Value", "")
        for one in specifications
        if one.get("ResourceType") == kind
        for tag in one.get("Tags") or ()
    }


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Give tags as EC2 does."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def kept_here(cloud: Cloud, asked: Mapping[str, Any]) -> bool:
    """Whether all that a call names are machines and disks of ours; moto keeps the rest."""
    return all(one in cloud.machines or one in cloud.volumes for one in asked["Resources"])


def create(cloud: Cloud, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer CreateTags for machines and disks."""
    for one in asked["Resources"]:
        for tag in asked["Tags"]:
            _tags(cloud, one)[tag["Key"]] = tag.get("Value", "")
    return {}


def delete(cloud: Cloud, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer DeleteTags for machines and disks."""
    for one in asked["Resources"]:
        for tag in asked.get("Tags") or ():
            _tags(cloud, one).pop(tag["Key"], None)
    return {}


def _tags(cloud: Cloud, wanted: str) -> dict[str, str]:
    machine = cloud.machines.get(wanted)
    return machine.tags if machine else cloud.volumes[wanted].tags


__all__ = ["create", "delete", "kept_here", "listed", "tags_for"]
