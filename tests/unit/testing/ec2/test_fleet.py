"""CreateFleet of the fake EC2: what a launch template and a call say is what the machine has."""

from __future__ import annotations

from typing import Any

from jobsched.testing.ec2 import FakeEc2
from tests.unit.testing.ec2.asking import (
    codes,
    described,
    fleet,
    launched,
    override,
    refused,
    subnet,
    template,
)


def test_a_machine_is_set_as_the_template_says(fake: FakeEc2, ec2: Any, clients: Any) -> None:
    """Groups, IMDS, profile, key, shutdown behaviour and disk of the template are the machine's."""
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    ec2.create_key_pair(KeyName="key")
    profile = clients["iam"].create_instance_profile(InstanceProfileName="profile")
    disk = {"VolumeSize": 30, "VolumeType": "gp3", "DeleteOnTermination": True}
    named = template(
        ec2,
        SecurityGroupIds=[group],
        KeyName="key",
        IamInstanceProfile={"Name": "profile"},
        MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        InstanceInitiatedShutdownBehavior="terminate",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": disk}],
    )
    machine = launched(ec2, **fleet(ec2, named=named))

    seen = described(ec2, machine)
    assert [one["GroupId"] for one in seen["SecurityGroups"]] == [group]
    assert seen["KeyName"] == "key"
    assert seen["IamInstanceProfile"]["Arn"] == profile["InstanceProfile"]["Arn"]
    assert seen["MetadataOptions"]["HttpTokens"] == "required"
    assert [one["Ebs"]["DeleteOnTermination"] for one in seen["BlockDeviceMappings"]] == [True]
    assert fake.volumes()[0].gib == 30
    attribute = "instanceInitiatedShutdownBehavior"
    answer = ec2.describe_instance_attribute(InstanceId=machine, Attribute=attribute)
    assert answer["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"


def test_a_template_that_says_nothing_leaves_the_defaults_of_aws(ec2: Any) -> None:
    """Without a word of the template IMDSv1 is on, and a machine that shuts down only stops."""
    machine = launched(ec2, **fleet(ec2, named=template(ec2, KernelId="k")))

    assert described(ec2, machine)["MetadataOptions"]["HttpTokens"] == "optional"
    attribute = "instanceInitiatedShutdownBehavior"
    answer = ec2.describe_instance_attribute(InstanceId=machine, Attribute=attribute)
    assert answer["InstanceInitiatedShutdownBehavior"]["Value"] == "stop"


def test_tags_are_there_from_the_launch_on(fake: FakeEc2, ec2: Any) -> None:
    """Tags of the call for machines, and of the template for disks, are there at once."""
    disk_tags = {"ResourceType": "volume", "Tags": [{"Key": "d", "Value": "1"}]}
    machine_tags = {"ResourceType": "instance", "Tags": [{"Key": "m", "Value": "2"}]}
    named = template(ec2, TagSpecifications=[disk_tags])
    machine = launched(ec2, **fleet(ec2, named=named, TagSpecifications=[machine_tags]))

    assert described(ec2, machine)["Tags"] == [{"Key": "m", "Value": "2"}]
    assert [one.tags for one in fake.volumes()] == [{"d": "1"}]


def test_the_user_data_of_the_call_reaches_the_machine(fake: FakeEc2, ec2: Any) -> None:
    """LaunchTemplateSpecificationUserData takes the place of the template's user data."""
    launched(ec2, **fleet(ec2, named=template(ec2, UserData="b25l"), user_data="two"))

    assert [one.user_data for one in fake.machines()] == ["two"]


def test_the_version_is_the_one_that_is_named(fake: FakeEc2, ec2: Any) -> None:
    """A fleet takes the named version of a template, not its newest; a missing one is refused."""
    named = template(ec2, InstanceType="m7i.large", ImageId="ami-00000001")
    key = named["LaunchTemplateId"]
    newer = {"InstanceType": "c7i.large", "ImageId": "ami-00000002"}
    ec2.create_launch_template_version(LaunchTemplateId=key, LaunchTemplateData=newer)
    for version in ("1", "2", "$Latest"):
        wanted = {"LaunchTemplateId": key, "Version": version}
        config = [{"LaunchTemplateSpecification": wanted}]
        launched(ec2, **fleet(ec2) | {"LaunchTemplateConfigs": config})

    assert [one.type for one in fake.machines()] == ["m7i.large", "c7i.large", "c7i.large"]
    asked = fleet(ec2, override(ec2), named={"LaunchTemplateId": key, "Version": "9"})
    assert refused(ec2.create_fleet, **asked)[0] == "InvalidLaunchTemplateId.VersionNotFound"


def test_a_version_must_be_named(ec2: Any) -> None:
    """A fleet that leaves the version of its template open is refused."""
    named = {"LaunchTemplateId": template(ec2, KeyName="k")["LaunchTemplateId"]}
    assert refused(ec2.create_fleet, **fleet(ec2, named=named))[0] == "MissingParameter"


def test_a_template_that_is_not_there_is_refused(ec2: Any) -> None:
    """A fleet of an unknown template is no fleet."""
    asked = fleet(ec2, named={"LaunchTemplateId": "lt-0123456789abcdef0", "Version": "1"})
    assert refused(ec2.create_fleet, **asked)[0] == "InvalidLaunchTemplateId.NotFound"
    asked = fleet(ec2, named={"LaunchTemplateName": "nobody's", "Version": "1"})
    code = "InvalidLaunchTemplateName.NotFoundException"
    assert refused(ec2.create_fleet, **asked)[0] == code


def test_the_market_is_the_one_that_is_asked_for(fake: FakeEc2, ec2: Any) -> None:
    """A spot machine says so in its lifecycle, an on-demand one says nothing."""
    spot = launched(ec2)
    on_demand = launched(ec2, **fleet(ec2, market="on-demand"))

    assert described(ec2, spot)["InstanceLifecycle"] == "spot"
    assert "InstanceLifecycle" not in described(ec2, on_demand)
    assert [one.market for one in fake.machines()] == ["spot", "on-demand"]


def test_several_machines_of_one_fleet(fake: FakeEc2, ec2: Any) -> None:
    """A fleet gives as many machines as it was asked for, and not more."""
    capacity = {"TotalTargetCapacity": 3, "DefaultTargetCapacityType": "spot"}
    ec2.create_fleet(**fleet(ec2, TargetCapacitySpecification=capacity))

    assert len(fake.alive()) == 3


def test_each_machine_has_an_address_of_its_own(fake: FakeEc2, ec2: Any) -> None:
    """Machines of one subnet have different private addresses, which EC2 tells with them."""
    asked = fleet(ec2)
    machines = [launched(ec2, **asked) for _ in range(3)]

    told = {described(ec2, one)["PrivateIpAddress"] for one in machines}
    assert told == {one.ip_address for one in fake.machines()}
    assert len(told) == 3


def test_a_full_subnet_has_no_machine_to_give(fake: FakeEc2, ec2: Any) -> None:
    """`full_subnets`: a pool whose subnet has no address left is an error in the answer."""
    fake.switch(full_subnets=[subnet(ec2)])
    asked = fleet(ec2, override(ec2), override(ec2, zone="us-east-1b"))
    answer = ec2.create_fleet(**asked)

    assert codes(answer) == ["InsufficientFreeAddressesInSubnet"]
    assert [one.zone for one in fake.machines()] == ["us-east-1b"]


def test_only_instant_fleets_are_made(ec2: Any) -> None:
    """A fleet that would go on by itself is refused."""
    assert refused(ec2.create_fleet, **fleet(ec2, Type="maintain"))[1] == 400


def test_an_address_is_not_given_again_at_once(fake: FakeEc2, ec2: Any) -> None:
    """A machine that is going still has its own, and who knew it may ask there for a while."""
    fake.switch(shutting_down_seconds=0)
    given = []
    for _ in range(3):
        machine = launched(ec2, **fleet(ec2))
        given.append(fake.machine(machine).ip_address)
        ec2.terminate_instances(InstanceIds=[machine])
    assert len(set(given)) == 3
