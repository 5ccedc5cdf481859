"""Settings that are wrong: the fake EC2 refuses what the real one refuses."""

from __future__ import annotations

import gzip
import secrets
from typing import Any

import pytest

from jobsched.testing.ec2 import FakeEc2
from tests.unit.testing.ec2.asking import IMAGE, codes, fleet, override, refused, subnet, template

#: the SSM parameter of Amazon's image for containers
PARAMETER = "/aws/service/ecs/optimized-ami/amazon-linux-2023/{}recommended/image_id"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"ImageId": "ami-0000000000000000b"}, "InvalidAMIID.NotFound"),
        ({"ImageId": "nonsense"}, "InvalidAMIID.Malformed"),
        ({"InstanceType": "x0.nothing"}, "InvalidParameterValue"),
        ({"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound"),
        ({"KeyName": "nobody's"}, "InvalidKeyPair.NotFound"),
    ],
)
def test_what_is_wrong_with_a_pool_stands_in_the_answer(
    fake: FakeEc2, ec2: Any, wrong: dict[str, str], code: str
) -> None:
    """L11: A wrong image, type, subnet or key pair is an error of its pool; nothing is launched."""
    fake.switch(bad_images=["ami-0000000000000000b"])
    answer = ec2.create_fleet(**fleet(ec2, override(ec2) | wrong))

    assert codes(answer) == [code]
    assert not fake.machines()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
        ({"IamInstanceProfile": {"Name": "nobody's"}}, "InvalidParameterValue"),
    ],
)
def test_what_is_wrong_with_a_template(
    fake: FakeEc2, ec2: Any, data: dict[str, Any], code: str
) -> None:
    """L11: A group or profile that is not there is an error in the answer."""
    assert codes(ec2.create_fleet(**fleet(ec2, named=template(ec2, **data)))) == [code]
    assert not fake.machines()


def test_a_group_of_another_vpc_is_refused(fake: FakeEc2, ec2: Any) -> None:
    """L11: Subnet and security group must belong to one VPC."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    answer = ec2.create_fleet(**fleet(ec2, named=template(ec2, SecurityGroupIds=[group])))

    assert codes(answer) == ["InvalidParameter"]


def test_user_data_has_a_limit(fake: FakeEc2, ec2: Any) -> None:
    """User data may have 16,384 bytes, counted before their encoding, and not one more."""
    named = template(ec2, EbsOptimized=False)
    assert codes(ec2.create_fleet(**fleet(ec2, named=named, user_data="x" * 16385))) == [
        "InvalidParameterValue"
    ]
    assert ec2.create_fleet(**fleet(ec2, named=named, user_data="x" * 16384))["Instances"]
    fake.switch(user_data_limit=10)
    assert codes(ec2.create_fleet(**fleet(ec2, named=named, user_data="x" * 11)))


def test_packed_user_data_are_unpacked(fake: FakeEc2, ec2: Any) -> None:
    """User data in gzip count by their packed size, and are shown unpacked."""
    text = "# much\n" * 10_000
    asked = {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "InstanceType": "m7i.large"}
    ec2.run_instances(**asked, UserData=gzip.compress(text.encode()))

    assert fake.machines()[0].user_data == text


def test_user_data_that_are_no_base64_are_refused(fake: FakeEc2, ec2: Any) -> None:
    """User data of a fleet come encoded; what is not, is malformed."""
    asked = fleet(ec2)
    wanted = asked["LaunchTemplateConfigs"][0]["LaunchTemplateSpecification"]
    wanted["LaunchTemplateSpecificationUserData"] = f"{secrets.token_hex(3)}!"

    assert codes(ec2.create_fleet(**asked)) == ["InvalidUserData.Malformed"]


@pytest.mark.parametrize(("where", "arch"), [("", "x86_64"), ("arm64/", "arm64")])
def test_amazons_images_are_found_by_ssm(ec2: Any, clients: Any, where: str, arch: str) -> None:
    """SSM tells the newest image of each processor, and EC2 describes it."""
    name = PARAMETER.format(where)
    image = clients["ssm"].get_parameter(Name=name)["Parameter"]["Value"]

    (seen,) = ec2.describe_images(ImageIds=[image])["Images"]
    assert (seen["Architecture"], seen["State"]) == (arch, "available")


def test_an_image_of_another_processor_is_refused(ec2: Any, clients: Any) -> None:
    """L11: A machine with arm64 does not start from an image for x86_64."""
    name = PARAMETER.format("")
    image = clients["ssm"].get_parameter(Name=name)["Parameter"]["Value"]
    answer = ec2.create_fleet(**fleet(ec2, override(ec2, "m7g.large") | {"ImageId": image}))

    assert codes(answer) == ["InvalidParameterValue"]


def test_a_parameter_and_an_image_that_are_not_there(fake: FakeEc2, ec2: Any, clients: Any) -> None:
    """An unknown SSM parameter and an unknown image are told so."""
    assert refused(clients["ssm"].get_parameter, Name="/none")[0] == "ParameterNotFound"
    fake.switch(bad_images=[IMAGE])
    assert refused(ec2.describe_images, ImageIds=[IMAGE])[0] == "InvalidAMIID.NotFound"
    fake.switch(bad_images=[])
    assert ec2.describe_images(ImageIds=[IMAGE])["Images"]


def test_an_unknown_subnet_is_not_described(ec2: Any) -> None:
    """A description of a subnet that is not there is refused."""
    unknown = "subnet-0123456789abcdef0"
    assert refused(ec2.describe_subnets, SubnetIds=[unknown])[0] == "InvalidSubnetID.NotFound"
    assert subnet(ec2)
