"""The security group that is made where none is configured."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.group import DESCRIPTION, SecurityGroups, rule_of, sources_of
from jobsched.plugins.ec2_spot.network import Network
from jobsched.testing.services import LentServices
from tests.unit.plugins.ec2_spot.stubbed import StubbedAws, stubbed

SUBNET = {"SubnetId": "subnet-a", "AvailabilityZone": "us-east-1a", "VpcId": "vpc-1"}
LOOK = {
    "Filters": [
        {"Name": "group-name", "Values": ["jobsched-test"]},
        {"Name": "vpc-id", "Values": ["vpc-1"]},
    ]
}


@pytest.fixture
def lent(tmp_path: Path) -> Iterator[tuple[StubbedAws, LentServices]]:
    """AWS with prepared answers."""
    with stubbed(tmp_path) as (aws, services, *_):
        yield aws, services


def groups(
    lent: tuple[StubbedAws, LentServices], *sources: str, configured: tuple[str, ...] = ()
) -> SecurityGroups:
    """The groups of the configuration, or of these sources."""
    aws, services = lent
    return SecurityGroups(
        aws,
        services,
        Network(aws, services.clock, ()),
        configured=configured,
        worker_source=sources,
    )


def shown(*rules: dict[str, Any]) -> dict[str, Any]:
    """A group as EC2 shows it."""
    return {"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": list(rules)}]}


def test_a_rule_admits_one_source_to_one_port() -> None:
    """A security group, a range of IPv4 or one of IPv6: to Docker's port over TLS and no other."""
    port = {"IpProtocol": "tcp", "FromPort": 2376, "ToPort": 2376}
    assert rule_of("sg-9") == {**port, "UserIdGroupPairs": [{"GroupId": "sg-9"}]}
    assert rule_of("10.0.0.0/16") == {**port, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    assert rule_of("2001:db8::/32") == {**port, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]}


def test_rules_of_another_port_are_not_ours() -> None:
    """What an operator admitted to SSH stays."""
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    everything = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1"}]}
    ours = [rule_of("sg-9"), rule_of("10.0.0.0/16"), rule_of("2001:db8::/32")]
    assert sources_of([ssh, everything, *ours]) == {"sg-9", "10.0.0.0/16", "2001:db8::/32"}


async def test_groups_that_are_configured_are_not_looked_up(
    lent: tuple[StubbedAws, LentServices],
) -> None:
    """They need no call: none is prepared here."""
    assert await groups(lent, configured=("sg-7", "sg-8")).ids() == ("sg-7", "sg-8")


async def test_nobody_is_admitted_by_guess(lent: tuple[StubbedAws, LentServices]) -> None:
    """Without a group and without a source the operator is told both keys."""
    with pytest.raises(OperationFailed, match=r"security_groups, or ec2_spot\.worker_source") as no:
        await groups(lent).ids()
    assert (no.value.reason, no.value.then) == ("configuration", "breaker")


async def test_a_group_is_made_once(lent: tuple[StubbedAws, LentServices]) -> None:
    """It is made in the VPC of the subnets, tagged as ours, and admits the workers alone."""
    aws, _ = lent
    aws.answers("describe_subnets", {"Subnets": [SUBNET]})
    aws.answers("describe_security_groups", {"SecurityGroups": []}, asked=LOOK)
    tagged = {
        "ResourceType": "security-group",
        "Tags": [{"Key": "jobsched:deployment", "Value": "test"}],
    }
    aws.answers(
        "create_security_group",
        {"GroupId": "sg-1"},
        asked={
            "GroupName": "jobsched-test",
            "Description": DESCRIPTION,
            "VpcId": "vpc-1",
            "TagSpecifications": [tagged],
        },
    )
    rules = [rule_of("10.0.0.0/16"), rule_of("sg-9")]
    aws.answers(
        "authorize_security_group_ingress", {}, asked={"GroupId": "sg-1", "IpPermissions": rules}
    )

    made = groups(lent, "sg-9", "10.0.0.0/16")
    assert [await made.ids(), await made.ids()] == [("sg-1",)] * 2


async def test_a_group_of_the_name_is_used(lent: tuple[StubbedAws, LentServices]) -> None:
    """One that is there and right is left as it is."""
    aws, _ = lent
    aws.answers("describe_subnets", {"Subnets": [SUBNET]})
    aws.answers("describe_security_groups", shown(rule_of("sg-9")), asked=LOOK)

    assert await groups(lent, "sg-9").ids() == ("sg-1",)


async def test_who_is_not_configured_any_more_is_shut_out(
    lent: tuple[StubbedAws, LentServices],
) -> None:
    """A source that was taken out of the configuration reaches no machine from then on."""
    aws, _ = lent
    aws.answers("describe_subnets", {"Subnets": [SUBNET]})
    aws.answers("describe_security_groups", shown(rule_of("sg-9"), rule_of("0.0.0.0/0")))
    aws.answers(
        "authorize_security_group_ingress",
        {},
        asked={"GroupId": "sg-1", "IpPermissions": [rule_of("sg-5")]},
    )
    aws.answers(
        "revoke_security_group_ingress",
        {},
        asked={"GroupId": "sg-1", "IpPermissions": [rule_of("0.0.0.0/0"), rule_of("sg-9")]},
    )

    assert await groups(lent, "sg-5").ids() == ("sg-1",)


async def test_two_workers_make_one_group(lent: tuple[StubbedAws, LentServices]) -> None:
    """Who comes second takes the group and the rules of the first."""
    aws, _ = lent
    aws.answers("describe_subnets", {"Subnets": [SUBNET]})
    aws.answers("describe_security_groups", {"SecurityGroups": []})
    aws.fails("create_security_group", "InvalidGroup.Duplicate")
    aws.answers("describe_security_groups", shown())
    aws.fails("authorize_security_group_ingress", "InvalidPermission.Duplicate")

    assert await groups(lent, "sg-9").ids() == ("sg-1",)


async def test_a_group_that_may_not_be_made_is_told(lent: tuple[StubbedAws, LentServices]) -> None:
    """L11: wrong rights are the operator's."""
    aws, _ = lent
    aws.answers("describe_subnets", {"Subnets": [SUBNET]})
    aws.answers("describe_security_groups", {"SecurityGroups": []})
    aws.fails("create_security_group", "UnauthorizedOperation", status=403)

    with pytest.raises(OperationFailed) as failed:
        await groups(lent, "sg-9").ids()
    assert (failed.value.reason, failed.value.then) == ("configuration", "breaker")


async def test_a_group_that_is_there_and_not_shown(lent: tuple[StubbedAws, LentServices]) -> None:
    """Another worker has just made it: it is looked for later, and nobody is halted."""
    aws, _ = lent
    aws.answers("describe_subnets", {"Subnets": [SUBNET]})
    aws.answers("describe_security_groups", {"SecurityGroups": []})
    aws.fails("create_security_group", "InvalidGroup.Duplicate")
    aws.answers("describe_security_groups", {"SecurityGroups": []})

    with pytest.raises(OperationFailed) as failed:
        await groups(lent, "sg-9").ids()
    assert (failed.value.reason, failed.value.then) == ("not_shown_yet", "later")


@pytest.mark.parametrize(
    ("missing", "reason", "then"),
    [("sg-1", "not_shown_yet", "later"), ("sg-9", "configuration", "breaker")],
)
async def test_a_group_that_cannot_be_changed_yet(
    lent: tuple[StubbedAws, LentServices], missing: str, reason: str, then: str
) -> None:
    """Our own may be too new to be seen; a source that is not there is a wrong setting."""
    aws, _ = lent
    aws.answers("describe_subnets", {"Subnets": [SUBNET]})
    aws.answers("describe_security_groups", shown())
    aws.stub("ec2").add_client_error(
        "authorize_security_group_ingress",
        service_error_code="InvalidGroup.NotFound",
        service_message=f"The security group '{missing}' does not exist",
    )

    with pytest.raises(OperationFailed) as failed:
        await groups(lent, "sg-9").ids()
    assert (failed.value.reason, failed.value.then) == (reason, then)
