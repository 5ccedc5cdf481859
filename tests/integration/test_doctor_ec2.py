"""`jobsched doctor --ec2` against the fake EC2, with each thing wrong in turn."""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest

from jobsched.bootstrap import doctor
from jobsched.bootstrap.doctor import Result
from jobsched.plugins.ec2_spot import checks_volumes
from jobsched.testing.ec2 import FakeEc2

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

DEPLOYMENT = "acme"
ALL = [
    "ec2.credentials",
    "ec2.region",
    "ec2.clock",
    "ec2.rights.look",
    "ec2.rights.launch",
    "ec2.rights.make",
    "ec2.rights.terminate",
    "ec2.rights.change",
    "ec2.rights.prices",
    "ec2.image",
    "ec2.subnets",
    "ec2.security_groups",
    "ec2.instance_types",
    "ec2.template",
    "ec2.volumes",
    "ec2.key_pair",
    "ec2.instance_profile",
    "ec2.callback",
]
#: prepares something at AWS, and gives settings that name it
Prepare = Callable[[Any], Mapping[str, str]]


class Api(http.server.BaseHTTPRequestHandler):
    """What answers at the callback address."""

    answer: ClassVar[tuple[int, str]] = (200, "live")

    def do_GET(self) -> None:  # the name is the base class's
        """Answer as the test says."""
        status, text = self.answer if self.path == "/healthcheck" else (404, "nothing")
        self.send_response(status)
        if status == 301:
            self.send_header("Location", text)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def api(answer: tuple[int, str] = (200, "live")) -> Iterator[str]:
    """Serve it; give the address of `POST /callback`."""
    handler = type("Answering", (Api,), {"answer": answer})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/callback"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def ec2(running_ec2: FakeEc2, monkeypatch: pytest.MonkeyPatch) -> FakeEc2:
    """The fake on a good day, as the SDK finds it."""
    running_ec2.reset()
    for name, value in running_ec2.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/no/such/file")
    return running_ec2


@pytest.fixture
def environ(ec2: FakeEc2, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A configuration with which all is well."""
    with api() as url:
        yield {
            "JOBSCHED_DATA_DIR": str(tmp_path / "data"),
            "JOBSCHED_PLUGINS": "local,docker_runner,ec2_spot",
            "JOBSCHED_DEPLOYMENT": DEPLOYMENT,
            "JOBSCHED_SECRET": "a-secret-of-many-letters-0123456789",
            "JOBSCHED_CALLBACK_URL": url,
            "JOBSCHED_EC2_SPOT_WORKER_SOURCE": "10.0.0.0/16",
        }


def looked(environ: Mapping[str, str], *only: str) -> dict[str, Result]:
    """Give what the checks find, by name."""

    async def collect() -> dict[str, Result]:
        found = doctor.examine(environ=environ, only=only or ["ec2_spot"])
        return {one.check: one async for one in found}

    return asyncio.run(collect())


def client(ec2: FakeEc2, service: str = "ec2") -> Any:
    """A client of the SDK, as an operator would have one."""
    session: Any = boto3.session.Session()
    return session.client(service, endpoint_url=ec2.url, region_name=ec2.region)


def group(ec2: FakeEc2, *sources: str, vpc: str = "", port: int = 2376) -> str:
    """Make a security group that admits them; one of the same name goes away."""
    aws = client(ec2)
    vpc = vpc or aws.describe_subnets()["Subnets"][0]["VpcId"]
    name = f"made-{len(aws.describe_security_groups()['SecurityGroups'])}"
    made = str(aws.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"])
    for source in sources:
        rule: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        if ":" in source:
            rule["Ipv6Ranges"] = [{"CidrIpv6": source}]
        else:
            rule["IpRanges"] = [{"CidrIp": source}]
        aws.authorize_security_group_ingress(GroupId=made, IpPermissions=[rule])
    return made


def all_named(ec2: FakeEc2) -> dict[str, str]:
    """Make one of each thing that can be named, and name it."""
    aws, iam = client(ec2), client(ec2, "iam")
    if "ours" not in [one["KeyName"] for one in aws.describe_key_pairs()["KeyPairs"]]:
        aws.create_key_pair(KeyName="ours")
        iam.create_instance_profile(InstanceProfileName="ours")
        trust = '{"Version": "2012-10-17", "Statement": []}'
        iam.create_role(RoleName="ours", AssumeRolePolicyDocument=trust)
        iam.add_role_to_instance_profile(InstanceProfileName="ours", RoleName="ours")
        iam.create_instance_profile(InstanceProfileName="empty")
    subnets = [one["SubnetId"] for one in aws.describe_subnets()["Subnets"][:2]]
    return {
        "JOBSCHED_EC2_SPOT_REGION": ec2.region,
        "JOBSCHED_EC2_SPOT_SUBNETS": ",".join(subnets),
        "JOBSCHED_EC2_SPOT_SECURITY_GROUPS": group(ec2, "10.0.0.0/16"),
        "JOBSCHED_EC2_SPOT_PUBLIC_ADDRESS": "true",
        "JOBSCHED_EC2_SPOT_INSTANCE_TYPES": "m7i.large,m6i.large",
        "JOBSCHED_EC2_SPOT_KEY_NAME": "ours",
        "JOBSCHED_EC2_SPOT_INSTANCE_PROFILE": "ours",
    }


def test_all_is_well(ec2: FakeEc2, environ: dict[str, str]) -> None:
    """With as little named as can be, and with everything named, every check passes."""
    for named in ({}, all_named(ec2)):
        found = looked({**environ, **named})
        wrong = [one for one in found.values() if one.verdict != "pass"]
        assert wrong == []
    assert list(found) == ALL


def test_nothing_is_done(ec2: FakeEc2, environ: dict[str, str]) -> None:
    """Every call that would make something is a dry run: no machine, no group, no template."""
    looked(environ)
    assert ec2.machines() == []
    makes = {"RunInstances", "CreateFleet", "CreateLaunchTemplate", "CreateSecurityGroup"}
    for operation in (*makes, "TerminateInstances"):
        asked = ec2.requests(operation)
        assert asked, operation
        assert all(str(one["DryRun"]).lower() == "true" for one in asked), operation
    for operation in makes:
        (asked_once,) = ec2.requests(operation)
        tags = [tag for spec in asked_once["TagSpecifications"] for tag in spec["Tags"]]
        assert {"Key": "jobsched:deployment", "Value": DEPLOYMENT} in tags, operation


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing wrong, and what tells of it."""

    check: str
    verdict: str
    #: what the sentence says: the setting, or what to do
    words: tuple[str, ...]
    #: settings, in the place of those with which all is well
    settings: Mapping[str, str] = field(default_factory=dict)
    #: of the fake
    switches: Mapping[str, Any] = field(default_factory=dict)
    #: of the SDK
    sdk: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[FakeEc2], Mapping[str, str]] = lambda _: {}


def spot(**settings: str) -> dict[str, str]:
    """Name settings of the plugin."""
    return {f"JOBSCHED_EC2_SPOT_{key.upper()}": value for key, value in settings.items()}


def refused(operation: str, code: str, status: int = 403) -> dict[str, Any]:
    """Switch a refusal on."""
    return {"fail": {operation: {"code": code, "message": "as switched", "status": status}}}


def _other_vpc(ec2: FakeEc2) -> dict[str, str]:
    aws = client(ec2)
    vpc = aws.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    return spot(security_groups=group(ec2, "10.0.0.0/16", vpc=vpc))


def _two_vpcs(ec2: FakeEc2) -> dict[str, str]:
    aws = client(ec2)
    vpc = aws.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    made = aws.create_subnet(VpcId=vpc, CidrBlock="10.8.0.0/24")["Subnet"]["SubnetId"]
    first = aws.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])
    return spot(subnets=f"{made},{first['Subnets'][0]['SubnetId']}")


def _private_subnet(ec2: FakeEc2) -> dict[str, str]:
    aws = client(ec2)
    public, private = (one["SubnetId"] for one in aws.describe_subnets()["Subnets"][:2])
    aws.modify_subnet_attribute(SubnetId=private, MapPublicIpOnLaunch={"Value": False})
    return spot(subnets=f"{public},{private}", public_address="true")


def _empty_profile(ec2: FakeEc2) -> dict[str, str]:
    all_named(ec2)
    return spot(instance_profile="empty")


def _machine_of_ours(ec2: FakeEc2) -> dict[str, str]:
    tags = [{"Key": "jobsched:deployment", "Value": DEPLOYMENT}]
    client(ec2).run_instances(
        ImageId="ami-0123456789abcdef0",
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")],
    )
    return {}


def _group_of_ours(ec2: FakeEc2) -> dict[str, str]:
    aws = client(ec2)
    tags = [{"Key": "jobsched:deployment", "Value": DEPLOYMENT}]
    aws.create_security_group(
        GroupName=f"jobsched-{DEPLOYMENT}",
        Description="ours",
        VpcId=aws.describe_subnets()["Subnets"][0]["VpcId"],
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
    )
    return {}


def _template_of_ours(ec2: FakeEc2) -> dict[str, str]:
    name = f"jobsched-{DEPLOYMENT}"
    aws = client(ec2)
    if name not in [
        one["LaunchTemplateName"] for one in aws.describe_launch_templates()["LaunchTemplates"]
    ]:
        aws.create_launch_template(
            LaunchTemplateName=name, LaunchTemplateData={"EbsOptimized": False}
        )
    return {}


def _open_to(*sources: str, port: int = 2376) -> Callable[[FakeEc2], Mapping[str, str]]:
    return lambda ec2: spot(security_groups=group(ec2, *sources, port=port))


CASES = {
    "no credentials": Case(
        check="ec2.credentials",
        verdict="fail",
        words=("AWS_ACCESS_KEY_ID",),
        sdk={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
    ),
    "half of the credentials": Case(
        check="ec2.credentials",
        verdict="fail",
        words=("AWS_SECRET_ACCESS_KEY", "half"),
        sdk={"AWS_SECRET_ACCESS_KEY": ""},
    ),
    "wrong credentials": Case(
        check="ec2.credentials",
        verdict="fail",
        words=("AWS_ACCESS_KEY_ID", "InvalidClientTokenId"),
        switches=refused("GetCallerIdentity", "InvalidClientTokenId"),
    ),
    "credentials that expired": Case(
        check="ec2.credentials",
        verdict="fail",
        words=("AWS_ACCESS_KEY_ID", "ExpiredToken"),
        switches=refused("GetCallerIdentity", "ExpiredToken"),
    ),
    "no region": Case(
        check="ec2.region",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_REGION",),
        sdk={"AWS_REGION": "", "AWS_DEFAULT_REGION": ""},
    ),
    "a region that there is not": Case(
        check="ec2.region",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_REGION", "us-esat-1", "did you mean us-"),
        settings=spot(region="us-esat-1"),
    ),
    "a region that is not enabled": Case(
        check="ec2.region",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_REGION", "enable the region"),
        settings=spot(region="af-south-1"),
    ),
    "a region that does not answer": Case(
        check="ec2.region",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_REGION", "does not answer"),
        settings=spot(endpoint_url="http://127.0.0.1:1"),
    ),
    "no right to describe": Case(
        check="ec2.rights.look",
        verdict="fail",
        words=("ec2:DescribeSpotPriceHistory", "jobsched.plugins.ec2_spot.policy"),
        switches={"deny": ["ec2:DescribeSpotPriceHistory"]},
    ),
    "no right to run": Case(
        check="ec2.rights.launch",
        verdict="fail",
        words=("ec2:RunInstances", "ec2:CreateTags", "jobsched.plugins.ec2_spot.policy"),
        switches={"deny": ["ec2:RunInstances"]},
    ),
    "no right to pass a role": Case(
        check="ec2.rights.launch",
        verdict="fail",
        words=("iam:PassRole",),
        settings=spot(instance_profile="ours"),
        switches={"deny": ["ec2:RunInstances"]},
    ),
    "no right to a fleet, with a template": Case(
        check="ec2.rights.launch",
        verdict="fail",
        words=("ec2:CreateFleet", "jobsched.plugins.ec2_spot.policy"),
        switches={"deny": ["ec2:CreateFleet"]},
        prepare=_template_of_ours,
    ),
    "no right to a security group": Case(
        check="ec2.rights.make",
        verdict="fail",
        words=("ec2:CreateSecurityGroup", "jobsched.plugins.ec2_spot.policy"),
        switches={"deny": ["ec2:CreateSecurityGroup"]},
    ),
    "no right to a template's version": Case(
        check="ec2.rights.make",
        verdict="fail",
        words=("ec2:CreateLaunchTemplateVersion", "jobsched.plugins.ec2_spot.policy"),
        switches={"deny": ["ec2:CreateLaunchTemplateVersion"]},
        prepare=_template_of_ours,
    ),
    "no right to terminate": Case(
        check="ec2.rights.terminate",
        verdict="fail",
        words=("ec2:TerminateInstances", "jobsched.plugins.ec2_spot.policy"),
        switches={"deny": ["ec2:TerminateInstances"]},
        prepare=_machine_of_ours,
    ),
    "a refusal to terminate what is no machine": Case(
        check="ec2.rights.terminate",
        verdict="unknown",
        words=("ec2:TerminateInstances", "ask again while one is on"),
        switches={"deny": ["ec2:TerminateInstances"]},
    ),
    "no right to delete a volume": Case(
        check="ec2.rights.change",
        verdict="fail",
        words=("ec2:DeleteVolume", "jobsched.plugins.ec2_spot.policy"),
        switches={"deny": ["ec2:DeleteVolume"]},
        prepare=_machine_of_ours,
    ),
    "no right to delete a volume, where there is none": Case(
        check="ec2.rights.change",
        verdict="unknown",
        words=("ec2:DeleteVolume", "ask again while a machine is on"),
        switches={"deny": ["ec2:DeleteVolume"]},
    ),
    "no right to open the group": Case(
        check="ec2.rights.change",
        verdict="fail",
        words=("ec2:AuthorizeSecurityGroupIngress", "jobsched.plugins.ec2_spot.policy"),
        switches={"deny": ["ec2:AuthorizeSecurityGroupIngress"]},
        prepare=_group_of_ours,
    ),
    "no right to close the group, before there is one": Case(
        check="ec2.rights.change",
        verdict="unknown",
        words=("ec2:RevokeSecurityGroupIngress", "ask again"),
        switches={"deny": ["ec2:RevokeSecurityGroupIngress"]},
    ),
    "no right to list prices": Case(
        check="ec2.rights.prices",
        verdict="warn",
        words=("pricing:GetProducts", "JOBSCHED_EC2_SPOT_ON_DEMAND_PRICES"),
        switches={"deny": ["pricing:GetProducts"]},
    ),
    "no right to look images up": Case(
        check="ec2.image",
        verdict="fail",
        words=("ssm:GetParameter", "jobsched.plugins.ec2_spot.policy"),
        switches={"deny": ["ssm:GetParameter"]},
    ),
    "no right to describe images": Case(
        check="ec2.image",
        verdict="unknown",
        words=("ec2:DescribeImages", "jobsched.plugins.ec2_spot.policy"),
        switches={"deny": ["ec2:DescribeImages"]},
    ),
    "a parameter that there is not": Case(
        check="ec2.image",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_IMAGE", "/ours/image"),
        settings=spot(image="/ours/image"),
    ),
    "an image that there is not": Case(
        check="ec2.image",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_IMAGE", "ami-0000000000000bad0"),
        settings=spot(image="ami-0000000000000bad0"),
        switches={"bad_images": ["ami-0000000000000bad0"]},
    ),
    "an image of another architecture": Case(
        check="ec2.image",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_IMAGE", "JOBSCHED_EC2_SPOT_INSTANCE_TYPES", "arm64"),
        settings=spot(image="ami-0123456789abcdef0", instance_types="m7g.large"),
    ),
    "an image with another root device": Case(
        check="ec2.image",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_DISK_DEVICE", "/dev/xvda"),
        settings=spot(disk_device="/dev/sda1"),
    ),
    "a subnet that there is not": Case(
        check="ec2.subnets",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_SUBNETS", "subnet-00000bad"),
        settings=spot(subnets="subnet-00000bad"),
    ),
    "subnets of two VPCs": Case(
        check="ec2.subnets",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_SUBNETS", "several VPCs"),
        prepare=_two_vpcs,
    ),
    "a subnet without public addresses": Case(
        check="ec2.subnets",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_PUBLIC_ADDRESS", "MapPublicIpOnLaunch", "JOBSCHED_EC2_SPOT_SUBN"),
        prepare=_private_subnet,
    ),
    "nobody may reach the machines": Case(
        check="ec2.security_groups",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_WORKER_SOURCE", "JOBSCHED_EC2_SPOT_SECURITY_GROUPS"),
        settings=spot(worker_source=""),
    ),
    "workers of a group that there is not": Case(
        check="ec2.security_groups",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_WORKER_SOURCE", "sg-00000bad"),
        settings=spot(worker_source="sg-00000bad"),
    ),
    "a security group that there is not": Case(
        check="ec2.security_groups",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_SECURITY_GROUPS", "sg-00000bad"),
        settings=spot(security_groups="sg-00000bad"),
    ),
    "a security group of another VPC": Case(
        check="ec2.security_groups",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_SECURITY_GROUPS", "is not in vpc-"),
        prepare=_other_vpc,
    ),
    "a security group that is open": Case(
        check="ec2.security_groups",
        verdict="fail",
        words=("2376", "0.0.0.0/0", "sg-"),
        prepare=_open_to("10.0.0.0/16", "0.0.0.0/0"),
    ),
    "a security group that is open to IPv6": Case(
        check="ec2.security_groups",
        verdict="fail",
        words=("2376", "::/0", "sg-"),
        prepare=_open_to("10.0.0.0/16", "::/0"),
    ),
    "a security group that admits nobody": Case(
        check="ec2.security_groups",
        verdict="warn",
        words=("JOBSCHED_EC2_SPOT_SECURITY_GROUPS", "2376"),
        prepare=_open_to("10.0.0.0/16", port=22),
    ),
    "a type that there is not": Case(
        check="ec2.instance_types",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_INSTANCE_TYPES", "m99.huge"),
        settings=spot(instance_types="m7i.large,m99.huge"),
    ),
    "no right to look types up": Case(
        check="ec2.instance_types",
        verdict="unknown",
        words=("ec2:DescribeInstanceTypeOfferings", "jobsched.plugins.ec2_spot.policy"),
        settings=spot(instance_types="m7i.large"),
        switches={"deny": ["ec2:DescribeInstanceTypeOfferings"]},
    ),
    "a key pair that there is not": Case(
        check="ec2.key_pair",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_KEY_NAME", "lost"),
        settings=spot(key_name="lost"),
    ),
    "an instance profile that there is not": Case(
        check="ec2.instance_profile",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_INSTANCE_PROFILE", "lost"),
        settings=spot(instance_profile="arn:aws:iam::123456789012:instance-profile/lost"),
    ),
    "an instance profile without a role": Case(
        check="ec2.instance_profile",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_INSTANCE_PROFILE", "no role"),
        prepare=_empty_profile,
    ),
    "no right to look profiles up": Case(
        check="ec2.instance_profile",
        verdict="unknown",
        words=("iam:GetInstanceProfile", "jobsched.plugins.ec2_spot.policy"),
        settings=spot(instance_profile="ours"),
        switches={"deny": ["iam:GetInstanceProfile"]},
    ),
    "no callback address": Case(
        check="ec2.callback",
        verdict="fail",
        words=("set callback_url (JOBSCHED_CALLBACK_URL, or JOBSCHED_EC2_SPOT_CALLBACK_URL)",),
        settings={"JOBSCHED_CALLBACK_URL": ""},
    ),
    "a callback address of another path": Case(
        check="ec2.callback",
        verdict="fail",
        words=("JOBSCHED_CALLBACK_URL", "/callback"),
        settings={"JOBSCHED_CALLBACK_URL": "https://jobs.example.org/"},
    ),
    "a callback address that nobody knows": Case(
        check="ec2.callback",
        verdict="fail",
        words=("JOBSCHED_EC2_SPOT_CALLBACK_URL", "jobs.invalid"),
        settings=spot(callback_url="https://jobs.invalid/callback"),
    ),
    "a callback address that does not answer": Case(
        check="ec2.callback",
        verdict="warn",
        words=("JOBSCHED_CALLBACK_URL", "start the API"),
        settings={"JOBSCHED_CALLBACK_URL": "http://127.0.0.1:1/callback"},
    ),
}


@pytest.mark.parametrize("wrong", CASES)
def test_what_is_wrong_is_told(
    ec2: FakeEc2, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """Its own check tells it, and names the setting and what to do; its plugin is no bug."""
    case = CASES[wrong]
    named = case.prepare(ec2)
    ec2.switch(**case.switches)
    for name, value in case.sdk.items():
        if value:
            monkeypatch.setenv(name, value)
        else:
            monkeypatch.delenv(name)
    found = looked({**environ, **case.settings, **named}, case.check)[case.check]
    assert (found.verdict, found.plugin) == (case.verdict, "ec2_spot"), found
    assert [one for one in case.words if one not in found.sentence] == [], found


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        ((200, "live"), "pass", "answers"),
        ((200, "welcome"), "fail", "no API of jobsched"),
        ((404, "nothing"), "fail", "answers 404"),
        ((301, "https://jobs.example.org/healthcheck"), "fail", "jobs.example.org"),
    ],
)
def test_what_answers_at_the_callback_address_is_told(
    environ: dict[str, str], answer: tuple[int, str], verdict: str, words: str
) -> None:
    """Only the API's own live string will do; a machine that posts follows no redirect."""
    with api(answer) as url:
        found = looked({**environ, "JOBSCHED_CALLBACK_URL": url}, "ec2.callback")["ec2.callback"]
    assert (found.verdict, words in found.sentence) == (verdict, True), found


def test_a_callback_address_of_ec2_alone_is_enough(environ: dict[str, str]) -> None:
    """Machines have a token also where the core itself has no address; the plugin's own counts."""
    url = environ["JOBSCHED_CALLBACK_URL"]
    for of_core in ("", "https://jobs.invalid/callback"):
        named = {"JOBSCHED_CALLBACK_URL": of_core, **spot(callback_url=url)}
        found = looked({**environ, **named}, "ec2.callback")["ec2.callback"]
        assert found.verdict == "pass", found


def test_private_subnets_are_well_where_workers_are_near(
    ec2: FakeEc2, environ: dict[str, str]
) -> None:
    """Without `public_address` nobody needs a public address; only the private subnet is named."""
    named = _private_subnet(ec2)
    public, private = named["JOBSCHED_EC2_SPOT_SUBNETS"].split(",")
    sentence = looked({**environ, **named}, "ec2.subnets")["ec2.subnets"].sentence
    assert (private in sentence, public in sentence) == (True, False)
    near = {**environ, **named, "JOBSCHED_EC2_SPOT_PUBLIC_ADDRESS": "false"}
    assert looked(near, "ec2.subnets")["ec2.subnets"].verdict == "pass"


def test_what_stands_on_something_wrong_is_unknown(ec2: FakeEc2, environ: dict[str, str]) -> None:
    """One wrong subnet fails one check; the others name that check, and are not failures too."""
    found = looked(
        {**environ, **spot(subnets="subnet-00000bad", instance_types="m7i.large")},
    )
    verdicts = {name: one.verdict for name, one in found.items() if one.verdict != "pass"}
    stands_on_it = ("ec2.rights.launch", "ec2.rights.make", "ec2.security_groups")
    assert verdicts == {
        "ec2.subnets": "fail",
        **dict.fromkeys([*stands_on_it, "ec2.instance_types"], "unknown"),
    }
    assert all("ec2.subnets" in found[name].sentence for name in stands_on_it)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"InstanceInitiatedShutdownBehavior": "stop"}, "shutdown behaviour"),
        ({"MetadataOptions": {"HttpTokens": "optional", "HttpPutResponseHopLimit": 1}}, "IMDSv1"),
        ({"MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}}, "hop"),
        ({"BlockDeviceMappings": [{"Ebs": {"DeleteOnTermination": False}}]}, "DeleteOnTermination"),
        ({"BlockDeviceMappings": []}, "DeleteOnTermination"),
    ],
)
def test_what_machines_are_launched_with_is_looked_at(
    ec2: FakeEc2, environ: dict[str, str], change: dict[str, Any], words: str
) -> None:
    """As EC2 has it, whoever made the version (T8): our newest one, and no other's."""
    content = {
        "InstanceInitiatedShutdownBehavior": "terminate",
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "BlockDeviceMappings": [{"Ebs": {"DeleteOnTermination": True}}],
    }
    aws = client(ec2)
    name = f"jobsched-{DEPLOYMENT}"
    aws.create_launch_template(
        LaunchTemplateName=name,
        VersionDescription="sha256:1",
        LaunchTemplateData={**content, **change},
    )
    aws.create_launch_template_version(
        LaunchTemplateName=name, VersionDescription="of another", LaunchTemplateData={}
    )
    found = looked(environ, "ec2.template")["ec2.template"]
    assert (found.verdict, words in found.sentence) == ("fail" if words else "pass", True), found
    assert "version 1" in found.sentence


def test_disks_that_no_machine_uses_are_listed(
    ec2: FakeEc2, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """T8: with size and age; those of others are not, and nothing is removed."""
    aws = client(ec2)
    named = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
    image = client(ec2, "ssm").get_parameter(Name=named)["Parameter"]["Value"]
    ec2.switch(leave_volumes=True)
    ours, others = (
        aws.run_instances(
            ImageId=image,
            InstanceType="m7i.large",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "volume", "Tags": [tag]}],
        )["Instances"][0]["InstanceId"]
        for tag in (
            {"Key": "jobsched:deployment", "Value": DEPLOYMENT},
            {"Key": "jobsched:deployment", "Value": "other"},
        )
    )
    aws.terminate_instances(InstanceIds=[ours, others])
    ec2.advance(300)
    assert [one.state for one in ec2.volumes()] == ["available", "available"]
    assert looked(environ, "ec2.volumes")["ec2.volumes"].verdict == "pass"
    monkeypatch.setattr(checks_volumes, "OLD", timedelta(-1))
    found = looked(environ, "ec2.volumes")["ec2.volumes"]
    assert (found.verdict, "1 disks that no machine uses" in found.sentence) == ("warn", True), (
        found
    )
    assert len(ec2.volumes()) == 2


@pytest.mark.parametrize("switch", ["throttle", "lose_before"])
def test_an_aws_that_is_busy_is_unknown(ec2: FakeEc2, environ: dict[str, str], switch: str) -> None:
    """L10: nothing is wrong that an operator could mend, and nothing is known to be well."""
    ec2.switch(**{switch: {"*": -1}})
    found = looked(environ)
    calling = [name for name in found if name not in {"ec2.instance_types", "ec2.callback"}]
    told = {found[name].verdict for name in calling if name != "ec2.region"}
    assert told == {"unknown"}, found
