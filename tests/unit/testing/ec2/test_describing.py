"""Descriptions of the fake EC2: filters, pages, tags, launch templates, prices."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobsched.testing.ec2 import FakeEc2
from tests.unit.testing.ec2.asking import fleet, launched, refused, template


def _ids(answer: dict[str, Any]) -> list[str]:
    return [one["Instances"][0]["InstanceId"] for one in answer["Reservations"]]


def _filter(name: str, *values: str) -> dict[str, Any]:
    return {"Filters": [{"Name": name, "Values": list(values)}]}


def test_machines_come_page_by_page(fake: FakeEc2, ec2: Any) -> None:
    """R6: A list is given in pages, each with a token for the next; all pages are all machines."""
    asked = fleet(ec2)
    machines = [launched(ec2, **asked) for _ in range(12)]
    pages = list(ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5}))

    assert [len(one["Reservations"]) for one in pages] == [5, 5, 2]
    assert [one for page in pages for one in _ids(page)] == machines
    assert "NextToken" not in pages[-1]


def test_the_fake_may_give_small_pages(fake: FakeEc2, ec2: Any) -> None:
    """R6: `page_size`: whoever reads one page only does not see all."""
    asked = fleet(ec2)
    machines = [launched(ec2, **asked) for _ in range(3)]
    fake.switch(page_size=2)
    first = ec2.describe_instances()

    assert _ids(first) == machines[:2]
    assert _ids(ec2.describe_instances(NextToken=first["NextToken"])) == machines[2:]
    assert _ids(ec2.describe_instances(MaxResults=1000)) == machines[:2]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"MaxResults": 4}, "InvalidParameterValue"),
        ({"MaxResults": 1001}, "InvalidParameterValue"),
        ({"NextToken": "nonsense!"}, "InvalidNextToken"),
        (_filter("nonsense", "a"), "InvalidParameterValue"),
    ],
)
def test_what_may_not_be_asked(ec2: Any, asked: dict[str, Any], code: str) -> None:
    """R6: Pages of another size, tokens of nobody's and unknown filters are refused."""
    assert refused(ec2.describe_instances, **asked)[0] == code


def test_pages_of_named_machines_are_refused(ec2: Any) -> None:
    """R6: Ids and the size of a page exclude each other."""
    asked = {"InstanceIds": [launched(ec2)], "MaxResults": 5}
    assert refused(ec2.describe_instances, **asked)[0] == "InvalidParameterCombination"


def test_machines_are_found_by_tag(fake: FakeEc2, ec2: Any) -> None:
    """R3: A filter by tag finds the machines with exactly that tag, terminated ones too."""
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "jobsched:launch", "Value": "one"}]}]
    mine = launched(ec2, **fleet(ec2, TagSpecifications=tags))
    launched(ec2)
    ec2.terminate_instances(InstanceIds=[mine])

    assert _ids(ec2.describe_instances(**_filter("tag:jobsched:launch", "one"))) == [mine]
    assert _ids(ec2.describe_instances(**_filter("tag:jobsched:launch", "two"))) == []
    assert _ids(ec2.describe_instances(**_filter("tag-key", "jobsched:launch"))) == [mine]


def test_machines_are_found_by_what_they_are(fake: FakeEc2, ec2: Any) -> None:
    """Filters of state, type, market and token find their machines."""
    spot = launched(ec2, **fleet(ec2, ClientToken="t"))
    other = launched(ec2, **fleet(ec2, market="on-demand"))
    fake.end(other)

    assert _ids(ec2.describe_instances(**_filter("instance-lifecycle", "spot"))) == [spot]
    assert _ids(ec2.describe_instances(**_filter("client-token", "t"))) == [spot]
    states = ec2.describe_instances(**_filter("instance-state-name", "pending", "terminated"))
    assert _ids(states) == [other]


def test_tags_are_set_and_removed(fake: FakeEc2, ec2: Any) -> None:
    """Tags of machines are changed later; those of a security group are moto's."""
    machine = launched(ec2)
    group = ec2.create_security_group(GroupName="g", Description="g")["GroupId"]
    ec2.create_tags(Resources=[machine], Tags=[{"Key": "a", "Value": "b"}])
    ec2.create_tags(Resources=[group], Tags=[{"Key": "c", "Value": "d"}])

    assert fake.machine(machine).tags == {"a": "b"}
    ec2.delete_tags(Resources=[machine], Tags=[{"Key": "a"}])
    assert fake.machine(machine).tags == {}
    (seen,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert seen["Tags"] == [{"Key": "c", "Value": "d"}]


def test_launch_templates_are_described_whole(fake: FakeEc2, ec2: Any) -> None:
    """All versions of a template are described, newest first, however many there are."""
    named = template(ec2, KeyName="1")
    key = named["LaunchTemplateId"]
    for number in range(2, 22):
        data = {"KeyName": str(number)}
        ec2.create_launch_template_version(LaunchTemplateId=key, LaunchTemplateData=data)
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=key)

    names = [one["LaunchTemplateData"]["KeyName"] for one in versions["LaunchTemplateVersions"]]
    assert names == [str(number) for number in range(21, 0, -1)]
    assert ec2.describe_launch_templates()["LaunchTemplates"][0]["LatestVersionNumber"] == 21


def test_a_template_of_a_taken_name_is_refused(ec2: Any) -> None:
    """A launch template's name is taken once; one that is not there is told so."""
    asked = {"LaunchTemplateName": "one", "LaunchTemplateData": {"KeyName": "k"}}
    missing = {"LaunchTemplateNames": ["one"]}
    code = "InvalidLaunchTemplateName.NotFoundException"
    assert refused(ec2.describe_launch_templates, **missing)[0] == code
    ec2.create_launch_template(**asked)

    taken = "InvalidLaunchTemplateName.AlreadyExistsException"
    assert refused(ec2.create_launch_template, **asked)[0] == taken


def test_the_tags_of_a_template_are_not_its_machines(fake: FakeEc2, ec2: Any) -> None:
    """A template's own tags stand beside its data, and not in them."""
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}]
    data = {"KeyName": "k"}
    ec2.create_launch_template(
        LaunchTemplateName="one", LaunchTemplateData=data, TagSpecifications=tags
    )
    answer = ec2.describe_launch_template_versions(LaunchTemplateName="one")

    assert not answer["LaunchTemplateVersions"][0]["LaunchTemplateData"].get("TagSpecifications")
    (seen,) = ec2.describe_launch_templates()["LaunchTemplates"]
    assert seen["Tags"] == [{"Key": "a", "Value": "b"}]


def test_spot_prices_are_told(fake: FakeEc2, ec2: Any) -> None:
    """The price history tells the price of the switch, for each type and zone that is asked for."""
    fake.switch(price={"m7i.large/us-east-1a": "0.0123"})
    asked = {"InstanceTypes": ["m7i.large"], "ProductDescriptions": ["Linux/UNIX"]}
    history = ec2.describe_spot_price_history(**asked, StartTime=datetime.now(UTC))

    prices = {one["AvailabilityZone"]: one["SpotPrice"] for one in history["SpotPriceHistory"]}
    assert prices["us-east-1a"] == "0.012300"
    assert len(prices) == 6
    one = ec2.describe_spot_price_history(**asked, AvailabilityZone="us-east-1b")
    (row,) = one["SpotPriceHistory"]
    assert row["Timestamp"] <= datetime.now(UTC) + timedelta(seconds=1)
    windows = {"InstanceTypes": ["m7i.large"], "ProductDescriptions": ["Windows"]}
    assert ec2.describe_spot_price_history(**windows)["SpotPriceHistory"] == []


def test_on_demand_prices_are_told(clients: dict[str, Any]) -> None:
    """The price list gives the on-demand price of a type, as JSON in JSON."""
    term = {"Type": "TERM_MATCH", "Field": "instanceType", "Value": "m7i.large"}
    answer = clients["pricing"].get_products(ServiceCode="AmazonEC2", Filters=[term])

    (product,) = [json.loads(one) for one in answer["PriceList"]]
    (offer,) = product["terms"]["OnDemand"].values()
    (dimension,) = offer["priceDimensions"].values()
    assert dimension["pricePerUnit"]["USD"] == "0.1008000000"


def test_types_are_described(ec2: Any) -> None:
    """EC2 tells processors and memory of the types."""
    answer = ec2.describe_instance_types(InstanceTypes=["m7g.large"])
    (seen,) = answer["InstanceTypes"]

    assert seen["VCpuInfo"]["DefaultVCpus"] == 2
    assert seen["MemoryInfo"]["SizeInMiB"] == 8192
    assert seen["ProcessorInfo"]["SupportedArchitectures"] == ["arm64"]
