"""Disks of the fake EC2: gone with their machine, or left behind."""

from __future__ import annotations

from typing import Any

from jobsched.testing.ec2 import FakeEc2
from tests.unit.testing.ec2.asking import fleet, launched, refused, template


def test_a_disk_goes_with_its_machine(fake: FakeEc2, ec2: Any) -> None:
    """T8: The root disk is in use while its machine is there, and deleted with it."""
    fake.switch(shutting_down_seconds=10)
    machine = launched(ec2)
    (seen,) = ec2.describe_volumes()["Volumes"]
    assert (seen["State"], seen["Attachments"][0]["InstanceId"]) == ("in-use", machine)

    ec2.terminate_instances(InstanceIds=[machine])
    assert [one.state for one in fake.volumes()] == ["in-use"]
    fake.advance(11)
    assert ec2.describe_volumes()["Volumes"] == []


def test_a_disk_stays_if_its_template_says_so(fake: FakeEc2, ec2: Any) -> None:
    """T8: A disk without DeleteOnTermination is available when its machine is gone."""
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "DeleteOnTermination": False}}
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}]
    named = template(ec2, BlockDeviceMappings=[disk], TagSpecifications=tags)
    ec2.terminate_instances(InstanceIds=[launched(ec2, **fleet(ec2, named=named))])

    wanted = [{"Name": "tag:a", "Values": ["b"]}, {"Name": "status", "Values": ["available"]}]
    (seen,) = ec2.describe_volumes(Filters=wanted)["Volumes"]
    assert seen["Attachments"] == []
    ec2.delete_volume(VolumeId=seen["VolumeId"])
    assert fake.volumes() == []


def test_disks_are_left_behind(fake: FakeEc2, ec2: Any) -> None:
    """T8: `leave_volumes`: a disk stays though it should go with its machine."""
    fake.switch(leave_volumes=True)
    fake.end(launched(ec2))

    assert [one.state for one in fake.volumes()] == ["available"]


def test_a_disk_in_use_is_not_deleted(fake: FakeEc2, ec2: Any) -> None:
    """A disk that a machine uses is not deleted; one that is gone is not found."""
    machine = launched(ec2)
    (volume,) = fake.volumes()
    assert refused(ec2.delete_volume, VolumeId=volume.id)[0] == "VolumeInUse"

    fake.end(machine)
    assert refused(ec2.delete_volume, VolumeId=volume.id)[0] == "InvalidVolume.NotFound"


def test_a_disk_of_nobodys(fake: FakeEc2, ec2: Any) -> None:
    """A disk that was made by itself is available, with its tags."""
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}]
    made = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=tags)

    (volume,) = fake.volumes()
    assert (volume.id, volume.state, volume.tags) == (made["VolumeId"], "available", {"a": "b"})
    (seen,) = ec2.describe_volumes(VolumeIds=[volume.id])["Volumes"]
    assert seen["Size"] == 1
