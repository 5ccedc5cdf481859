"""Disks: made with their machine, gone with it or left behind; described and deleted."""

from __future__ import annotations

from typing import Any, Final

from jobsched.testing.ec2.clock import at
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.filtering import page, wanted_by
from jobsched.testing.ec2.machine import Machine, Volume
from jobsched.testing.ec2.refusal import Refusal
from jobsched.testing.ec2.tags import listed, tags_for

#: the root device of Amazon's images
ROOT: Final = "/dev/xvda"
DEFAULT_GIB: Final = 8


def attach(cloud: Cloud, machine: Machine) -> None:
    """Make the disks of a fresh machine: a root, and what its settings name."""
    told = {
        one.get("DeviceName", ROOT): one["Ebs"]
        for one in machine.settings.get("BlockDeviceMappings") or ()
        if one.get("Ebs")
    }
    for device, disk in ({ROOT: {}} | told).items():
        volume = _made(cloud, machine, device, disk)
        cloud.volumes[volume.id] = volume
        machine.volumes.append(volume.id)


def leave(cloud: Cloud, machine: Machine) -> None:
    """Let the disks of a machine stay when it ends, whatever it was launched with."""
    for volume in machine.volumes:
        cloud.volumes[volume].deletes = False


def there(cloud: Cloud) -> list[Volume]:
    """Give the disks that cost money."""
    now = cloud.now()
    return [one for one in cloud.volumes.values() if one.state(now) != "deleted"]


def describe(cloud: Cloud, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer DescribeVolumes."""
    now = cloud.now()
    wanted = [_found(cloud, one) for one in asked.get("VolumeIds") or ()] or there(cloud)
    reads = {
        "status": lambda one: [one.state(now)],
        "volume-id": lambda one: [one.id],
        "availability-zone": lambda one: [one.zone],
        "volume-type": lambda one: [one.kind],
        "attachment.instance-id": lambda one: [one.machine.id] if one.machine else [],
    }
    shown, more = page(wanted_by(asked, wanted, reads), asked, cloud.switches.page_size)
    return {"Volumes": [described(one, now) for one in shown], **more}


def delete(cloud: Cloud, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer DeleteVolume."""
    volume = _found(cloud, asked["VolumeId"])
    if volume.state(cloud.now()) == "in-use":
        raise Refusal("VolumeInUse", f"Volume {volume.id} is currently attached")
    volume.is_deleted = True
    return {}


def create(cloud: Cloud, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer CreateVolume: a disk of nobody's."""
    volume = Volume(
        id=cloud.new_id("vol"),
        machine=None,
        device="",
        zone=asked.get("AvailabilityZone") or f"{cloud.region}a",
        gib=asked.get("Size") or DEFAULT_GIB,
        kind=asked.get("VolumeType") or "gp2",
        deletes=False,
        created_at=cloud.now(),
        tags=tags_for("volume", asked.get("TagSpecifications") or ()),
    )
    cloud.volumes[volume.id] = volume
    return described(volume, cloud.now())


def _found(cloud: Cloud, wanted: str) -> Volume:
    volume = cloud.volumes.get(wanted)
    if volume is None or volume.state(cloud.now()) == "deleted":
        raise Refusal("InvalidVolume.NotFound", f"The volume '{wanted}' does not exist.")
    return volume


def _made(cloud: Cloud, machine: Machine, device: str, disk: dict[str, Any]) -> Volume:
    return Volume(
        id=cloud.new_id("vol"),
        machine=machine,
        device=device,
        zone=machine.zone,
        gib=int(disk.get("VolumeSize") or DEFAULT_GIB),
        kind=disk.get("VolumeType") or "gp3",
        # Without a word about it a disk of the launch goes with its machine.
        deletes=disk.get("DeleteOnTermination", True),
        created_at=cloud.now(),
        tags=tags_for("volume", machine.settings.get("TagSpecifications") or ()),
    )


def described(volume: Volume, now: float) -> dict[str, Any]:
    """Give a disk as DescribeVolumes does."""
    attached = {
        "Attachments": [
            {
                "InstanceId": volume.machine.id,
                "VolumeId": volume.id,
                "Device": volume.device,
                "State": "attached",
                "AttachTime": at(volume.created_at),
                "DeleteOnTermination": volume.deletes,
            }
        ]
        if volume.machine and volume.state(now) == "in-use"
        else []
    }
    return attached | {
        "VolumeId": volume.id,
        "State": volume.state(now),
        "Size": volume.gib,
        "VolumeType": volume.kind,
        "AvailabilityZone": volume.zone,
        "CreateTime": at(volume.created_at),
        "Encrypted": False,
        "Tags": listed(volume.tags),
    }


__all__ = ["attach", "create", "delete", "describe", "described", "leave", "there"]
