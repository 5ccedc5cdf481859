"""The IAM policy is what the plugin calls: nothing missing, nothing too much."""

import json
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from jobsched.plugins.ec2_spot.image import PUBLISHED
from jobsched.plugins.ec2_spot.policy import document, main
from tests.unit.plugins.ec2_spot.called import operations, operations_in
from tests.unit.plugins.ec2_spot.iam import actions_of, allows

PAGE = Path(__file__).parents[4] / "docs/how-to/aws-policy.md"
ROLE = "arn:aws:iam::123456789012:role/machines"
POLICY = document(deployment="mine", region="eu-west-1", account="123456789012", role=ROLE)
EC2 = "arn:aws:ec2:eu-west-1:123456789012"
#: what else EC2 asks for: a fleet launches machines, and what is tagged at creation is tagged
IMPLIED = {
    "ec2:CreateFleet": {"ec2:RunInstances", "ec2:CreateTags"},
    "ec2:CreateLaunchTemplate": {"ec2:CreateTags"},
    "ec2:CreateSecurityGroup": {"ec2:CreateTags"},
}


def in_request(deployment: str) -> dict[str, str]:
    """The context of a request that makes something with a deployment's tag."""
    return {"aws:RequestTag/jobsched:deployment": deployment}


def on_resource(deployment: str) -> dict[str, str]:
    """The context of a request about something that has a deployment's tag."""
    return {"aws:ResourceTag/jobsched:deployment": deployment}


def test_the_policy_is_what_is_called() -> None:
    """34: each call in the plugin's source is allowed, and nothing is that is not called."""
    called = {f"{service}:{operation}" for service, operation in operations()}
    # AWS lets everybody ask who they are
    called -= {"sts:GetCallerIdentity"}
    implied = {action for one in called for action in IMPLIED.get(one, ())}

    assert set(actions_of(POLICY)) == called | implied | {"iam:PassRole"}


def test_calls_are_found_in_a_source() -> None:
    """The look into the source sees services, pages, and names that are passed on."""
    source = """
await aws.call("terminate_instances", InstanceIds=[])
await self._aws.pages("describe_volumes", "Volumes")
await self._aws.call("get_parameter", "ssm", Name="x")
await self._aws.pages("get_products", "PriceList", "pricing")
"""
    assert operations_in(source) == {
        ("ec2", "TerminateInstances"),
        ("ec2", "DescribeVolumes"),
        ("ssm", "GetParameter"),
        ("pricing", "GetProducts"),
    }
    passed_on = 'change("delete_volume")\nawait aws.call(operation)\nother.call("run_instances")'
    assert ("ec2", "DeleteVolume") in operations_in(passed_on)
    assert operations_in('phone.call("run_instances")') == set()


@pytest.mark.parametrize("action", ["ec2:CreateFleet", "ec2:RunInstances"])
def test_only_machines_of_the_deployment_are_launched(action: str) -> None:
    """34: machine, disk and fleet must get the deployment's tag; another's or none is refused."""
    for kind in ("fleet", "instance", "volume"):
        assert allows(POLICY, action, f"{EC2}:{kind}/*", in_request("mine"))
        assert not allows(POLICY, action, f"{EC2}:{kind}/*", in_request("theirs"))
        assert not allows(POLICY, action, f"{EC2}:{kind}/*")


@pytest.mark.parametrize("action", ["ec2:CreateFleet", "ec2:RunInstances"])
def test_machines_are_launched_from_our_template_only(action: str) -> None:
    """34: what a machine is made of may be anybody's, but for the launch template."""
    template = f"{EC2}:launch-template/lt-1"
    assert allows(POLICY, action, template, on_resource("mine"))
    assert not allows(POLICY, action, template, on_resource("theirs"))
    assert not allows(POLICY, action, template)
    for used in ("subnet/subnet-1", "security-group/sg-1", "network-interface/*", "key-pair/k"):
        assert allows(POLICY, action, f"{EC2}:{used}")
    for used in ("image/ami-1", "snapshot/snap-1"):
        assert allows(POLICY, action, f"arn:aws:ec2:eu-west-1::{used}")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ec2:TerminateInstances", "instance/i-1"),
        ("ec2:DeleteVolume", "volume/vol-1"),
        ("ec2:CreateLaunchTemplateVersion", "launch-template/lt-1"),
        ("ec2:AuthorizeSecurityGroupIngress", "security-group/sg-1"),
        ("ec2:RevokeSecurityGroupIngress", "security-group/sg-1"),
    ],
)
def test_only_what_is_ours_is_changed_or_removed(action: str, resource: str) -> None:
    """R3: a deployment cannot end or change its neighbour's things, nor those of nobody."""
    assert allows(POLICY, action, f"{EC2}:{resource}", on_resource("mine"))
    assert not allows(POLICY, action, f"{EC2}:{resource}", on_resource("theirs"))
    assert not allows(POLICY, action, f"{EC2}:{resource}")
    assert not allows(POLICY, action, f"{EC2}:{resource}", in_request("mine"))


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("ec2:CreateLaunchTemplate", "launch-template"),
        ("ec2:CreateSecurityGroup", "security-group"),
    ],
)
def test_what_is_made_is_made_ours(action: str, kind: str) -> None:
    """34: template and security group must get the deployment's tag as they are made."""
    assert allows(POLICY, action, f"{EC2}:{kind}/*", in_request("mine"))
    assert not allows(POLICY, action, f"{EC2}:{kind}/*", in_request("theirs"))
    assert not allows(POLICY, action, f"{EC2}:{kind}/*")


@pytest.mark.parametrize(
    "kind", ["fleet", "instance", "volume", "launch-template", "security-group"]
)
def test_tags_are_given_at_creation_only(kind: str) -> None:
    """R3: nobody can make a machine ours, to end it, by giving it our tag later."""
    resource = f"{EC2}:{kind}/*"
    by_creation = {**in_request("mine"), "ec2:CreateAction": "CreateFleet"}
    assert allows(POLICY, "ec2:CreateTags", resource, by_creation)
    assert not allows(POLICY, "ec2:CreateTags", resource, in_request("mine"))
    assert not allows(POLICY, "ec2:CreateTags", resource, {"ec2:CreateAction": "CreateFleet"})
    other = {**by_creation, "ec2:CreateAction": "CreateImage"}
    assert not allows(POLICY, "ec2:CreateTags", resource, other)


def test_another_region_is_not_touched() -> None:
    """34: what the policy allows, it allows in the deployment's region."""
    here = {"aws:RequestedRegion": "eu-west-1"}
    assert allows(POLICY, "ec2:DescribeInstances", "*", here)
    assert not allows(POLICY, "ec2:DescribeInstances", "*", {"aws:RequestedRegion": "eu-west-2"})
    machine = "arn:aws:ec2:eu-west-2:123456789012:instance/i-1"
    assert not allows(POLICY, "ec2:TerminateInstances", machine, on_resource("mine"))


def test_only_published_images_are_looked_up() -> None:
    """34: of the parameter store only where AWS publishes the images that we use."""
    for name in PUBLISHED.values():
        parameter = f"arn:aws:ssm:eu-west-1::parameter{name}"
        assert allows(POLICY, "ssm:GetParameter", parameter)
    own = "arn:aws:ssm:eu-west-1:123456789012:parameter/database/password"
    assert not allows(POLICY, "ssm:GetParameter", own)


def test_a_role_is_passed_only_where_one_is_configured() -> None:
    """14: without an instance profile nothing may be passed; with one, its role, to EC2."""
    to_ec2 = {"iam:PassedToService": "ec2.amazonaws.com"}
    assert allows(POLICY, "iam:PassRole", ROLE, to_ec2)
    assert not allows(POLICY, "iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com"})
    assert not allows(POLICY, "iam:PassRole", f"{ROLE}-of-others", to_ec2)
    without = document(deployment="mine", region="eu-west-1", account="123456789012")
    assert "iam:PassRole" not in actions_of(without)


def test_list_prices_are_an_extra() -> None:
    """The right to read list prices can be left out."""
    without = document(deployment="a", region="b", account="c", prices=False)
    assert "pricing:GetProducts" not in actions_of(without)


def test_no_wildcard_but_for_what_has_no_resource() -> None:
    """34: no action has a wildcard, and only what EC2 gives no resource for is for all."""
    for statement in POLICY["Statement"]:
        assert not any("*" in action for action in statement["Action"])
        if statement["Resource"] == ["*"]:
            looks = ("ec2:Describe*", "pricing:GetProducts")
            assert all(
                any(fnmatchcase(action, look) for look in looks) for action in statement["Action"]
            )


def test_the_policy_fits() -> None:
    """A managed policy has at most 6,144 characters, white space not counted."""
    longest = document(
        deployment="d" * 64,
        region="ap-southeast-2",
        account="1" * 12,
        partition="aws-us-gov",
        role=f"{ROLE}/{'r' * 64}",
    )
    assert len(re.sub(r"\s", "", json.dumps(longest))) <= 6144


def test_the_page_shows_the_policy() -> None:
    """The document on the page is the one that is printed for these names."""
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    shown = document(deployment="DEPLOYMENT", region="REGION", account="ACCOUNT")
    assert json.loads(blocks[0]) == shown


def test_the_page_explains_each_statement() -> None:
    """Each statement, and each action, has its row in the page's table."""
    text = PAGE.read_text()
    for statement in POLICY["Statement"]:
        assert f"| `{statement['Sid']}` |" in text, statement["Sid"]


def test_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed is the policy, for the names that are given."""
    main(["mine", "eu-west-1", "123456789012", "--role", ROLE])
    assert json.loads(capsys.readouterr().out) == POLICY


def test_it_is_printed_by_a_command() -> None:
    """The command on the page works, and needs nothing of AWS."""
    words = ["-m", "jobsched.plugins.ec2_spot.policy", "mine", "cn-north-1", "1", "--no-prices"]
    said = subprocess.run(
        [sys.executable, "-W", "error", *words, "--partition", "aws-cn"],
        check=True,
        capture_output=True,
        text=True,
        timeout=10,
    )
    printed: dict[str, Any] = json.loads(said.stdout)
    assert printed["Statement"][2]["Resource"][0] == "arn:aws-cn:ec2:cn-north-1::image/*"
