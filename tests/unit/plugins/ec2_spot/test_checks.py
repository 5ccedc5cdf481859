"""What checks of `ec2_spot` make of what they are told."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)

from jobsched.contracts.check import Finding
from jobsched.errors import OperationFailed
from jobsched.hooks.checks import wrong_in
from jobsched.plugins.ec2_spot.checks_callback import (
    Callback,
    answered,
    healthcheck_of,
    is_loopback,
    safe,
)
from jobsched.plugins.ec2_spot.checks_failure import Needed, need, of_failure
from jobsched.plugins.ec2_spot.checks_machine import archs_of, of_offerings, wrong_with
from jobsched.plugins.ec2_spot.checks_network import admits, of_room, of_rules
from jobsched.plugins.ec2_spot.checks_rights import Tried, dry_run, told
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.failure import no_answer, of_aws
from jobsched.plugins.ec2_spot.network import Subnet
from jobsched.plugins.ec2_spot.settings import Settings
from jobsched.testing.services import LentServices
from tests import certificates
from tests.unit.plugins.ec2_spot.stubbed import stubbed

WORKERS = {"IpRanges": [{"CidrIp": "10.0.0.0/16"}]}


def failed(cause: Exception) -> OperationFailed:
    """Give the failure that is made of an error of the SDK."""
    made = of_aws(cause, "x") if isinstance(cause, ClientError) else no_answer(cause, "x")  # type: ignore[arg-type]  # both are the SDK's
    made.__cause__ = cause
    return made


def refusal(code: str, operation: str = "DescribeSubnets") -> ClientError:
    """An error that AWS answers."""
    return ClientError({"Error": {"Code": code, "Message": "no.\nNot now."}}, operation)


@pytest.mark.parametrize(
    ("cause", "verdict", "words"),
    [
        (NoCredentialsError(), "unknown", "ec2.credentials"),
        (refusal("AuthFailure"), "unknown", "ec2.credentials"),
        (NoRegionError(), "unknown", "ec2.region"),
        (EndpointConnectionError(endpoint_url="https://x"), "unknown", "ec2.region"),
        (refusal("UnauthorizedOperation"), "fail", "ec2:DescribeSubnets is not permitted"),
        (refusal("AccessDeniedException", "GetParameter"), "fail", "ssm:GetParameter"),
        (refusal("UnauthorizedOperation", "DescribeImages"), "unknown", "ec2:DescribeImages"),
        (refusal("RequestLimitExceeded"), "unknown", "no. Not now"),
        (refusal("InvalidSubnetID.NotFound"), "fail", "InvalidSubnetID.NotFound: no. Not now"),
    ],
)
def test_a_failure_means(cause: Exception, verdict: str, words: str) -> None:
    """A missing right that a launch needs fails; what cannot be known is unknown, on one line."""
    found = of_failure(failed(cause))
    assert (found.verdict, words in found.sentence) == (verdict, True), found
    assert found.sentence.isprintable()


def test_a_failure_that_is_told_again_means_the_same() -> None:
    """A look-up that several share raises a new error for each: AWS' own is behind it."""
    first = failed(refusal("UnauthorizedOperation"))
    again = OperationFailed(first.reason, first.message, effect=first.effect, then=first.then)
    again.__cause__ = first
    assert of_failure(again) == of_failure(first)
    ours = OperationFailed("configuration", "there is no default VPC: set ec2_spot.subnets")
    ours.__cause__ = first
    assert of_failure(ours) == Finding("fail", ours.message), "our own sentence says more"


async def test_what_another_check_looks_at_is_left_to_it() -> None:
    """It is told once, by its own check."""

    async def fails() -> None:
        raise failed(refusal("UnauthorizedOperation"))

    with pytest.raises(Needed) as caught:
        await need("ec2.subnets", fails())
    found = of_failure(caught.value)
    assert found == Finding("unknown", "not looked at: the check ec2.subnets has to pass first")


@pytest.mark.parametrize(
    ("rule", "sources"),
    [
        ({"IpProtocol": "tcp", "FromPort": 2376, "ToPort": 2376}, ["10.0.0.0/16"]),
        ({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535}, ["10.0.0.0/16"]),
        ({"IpProtocol": "-1"}, ["10.0.0.0/16"]),
        ({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 2375}, []),
        ({"IpProtocol": "udp", "FromPort": 2376, "ToPort": 2376}, []),
        ({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1}, []),
    ],
)
def test_a_rule_admits_to_dockers_port(rule: Mapping[str, Any], sources: list[str]) -> None:
    """15: by its own number, by a range around it, or as every port of every protocol."""
    assert admits({**rule, **WORKERS}) == sources


def test_every_kind_of_source_is_seen() -> None:
    """Ranges of both versions, groups and prefix lists."""
    rule = {
        "IpProtocol": "-1",
        **WORKERS,
        "Ipv6Ranges": [{"CidrIpv6": "fd00::/8"}],
        "UserIdGroupPairs": [{"GroupId": "sg-1"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
    }
    assert admits(rule) == ["10.0.0.0/16", "fd00::/8", "sg-1", "pl-1"]
    found = of_rules([{"GroupId": "sg-2", "IpPermissions": [rule]}])
    assert (found.verdict, "sg-1" in found.sentence) == ("pass", True)


@pytest.mark.parametrize(
    ("sources", "verdict"),
    [
        (["0.0.0.0/0"], "fail"),
        (["::/0"], "fail"),
        (["128.0.0.0/1", "0.0.0.0/1"], "fail"),
        (["8000::/1", "10.0.0.0/8", "::/1"], "fail"),
        (["10.0.0.0/8"], "pass"),
        (["fd00::/8"], "pass"),
        (["0.0.0.0/1", "::/1"], "pass"),
        (["sg-0123", "pl-0123"], "pass"),
    ],
)
def test_the_whole_internet_is_known(sources: list[str], verdict: str) -> None:
    """15: in both versions of IP, and in two halves, which may stand in two groups."""
    groups = [
        {"GroupId": f"sg-{place}", "IpPermissions": [_rule(one)]}
        for place, one in enumerate(sources)
    ]
    assert of_rules(groups).verdict == verdict


def _rule(source: str) -> dict[str, Any]:
    kinds = {"sg": ("UserIdGroupPairs", "GroupId"), "pl": ("PrefixListIds", "PrefixListId")}
    version = ("Ipv6Ranges", "CidrIpv6") if ":" in source else ("IpRanges", "CidrIp")
    name, key = kinds.get(source[:2], version)
    return {"IpProtocol": "-1", name: [{key: source}]}


def subnet(number: int, free: int) -> Subnet:
    """A subnet with so many free addresses."""
    return Subnet(id=f"subnet-{number}", zone=f"us-east-1{number}", vpc="vpc-1", free=free)


@pytest.mark.parametrize(
    ("free", "verdict", "words"),
    [
        ((3, 4), "pass", "subnet-0 in us-east-10, subnet-1 in us-east-11"),
        ((0, 4), "warn", "no address is free in subnet-0: "),
        ((0, 0), "fail", "no address is free in subnet-0, subnet-1: "),
    ],
)
def test_subnets_without_an_address_are_named(
    free: tuple[int, ...], verdict: str, words: str
) -> None:
    """One that is full leaves the others; all full leave nothing."""
    found = of_room([subnet(number, left) for number, left in enumerate(free)])
    assert (found.verdict, words in found.sentence) == (verdict, True), found


@pytest.mark.parametrize(
    ("offered", "verdict", "words"),
    [
        ({"m7i.large": "a", "m6i.large": "b"}, "pass", "m7i.large, m6i.large"),
        ({"m7i.large": "a", "m6i.large": "c"}, "warn", "m6i.large cannot be had in a, b"),
        ({"m7i.large": "c", "m6i.large": "c"}, "fail", "SUBNETS"),
        ({"m7i.large": "a"}, "fail", "there is no type m6i.large"),
    ],
)
def test_types_are_had_where_the_subnets_are(
    offered: Mapping[str, str], verdict: str, words: str
) -> None:
    """A type of another zone only is one pool less; of none, nothing can be launched."""
    offerings = [{"InstanceType": name, "Location": zone} for name, zone in offered.items()]
    found = of_offerings(["m7i.large", "m6i.large"], offerings, ["a", "b"])
    assert (found.verdict, words in found.sentence) == (verdict, True), found


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, ""),
        ({"State": "pending"}, "is pending"),
        ({"Architecture": "arm64"}, "is for arm64"),
        ({"RootDeviceName": "/dev/sda1"}, "JOBSCHED_EC2_SPOT_DISK_DEVICE"),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 40}}]},
            "disk of 40 GiB: set ec2_spot.disk_gib",
        ),
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/xvdb", "Ebs": {"VolumeSize": 40}}]}, ""),
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30}}]}, ""),
    ],
)
def test_an_image_fits(changed: Mapping[str, Any], words: str) -> None:
    """It is there, of the architecture, and of the disk that the template gives."""
    image = {"State": "available", "Architecture": "x86_64", "RootDeviceName": "/dev/xvda"}
    wrong = wrong_with({**image, **changed}, "x86_64", Settings())
    assert (bool(wrong), words in wrong) == (bool(words), True), wrong
    assert "not there" in wrong_with({}, "x86_64", Settings())


def test_a_long_list_fits_into_a_sentence() -> None:
    """A hundred types or sources are no fault of the plugin: the first are told, and how many."""
    types = [f"m{number}i.metal-48xlarge" for number in range(100)]
    for zones in (["a"], [f"us-gov-west-1{number}" for number in range(100)]):
        for offered in ([], [{"InstanceType": name, "Location": "a"} for name in types]):
            assert wrong_in(of_offerings(types, offered, zones)) == ""
    rule = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": f"10.{n}.0.0/16"} for n in range(200)]}
    found = of_rules([{"GroupId": "sg-1", "IpPermissions": [rule]}])
    assert (wrong_in(found), "and 188 more" in found.sentence) == ("", True)
    assert wrong_in(of_room([subnet(number, 1) for number in range(200)])) == ""
    assert wrong_in(answered(f"http://jobs.invalid/{'x' * 5000}/healthcheck")) == ""


def test_an_image_is_looked_for_for_each_architecture() -> None:
    """Of the types that are named; else of jobs that ask for none."""
    assert archs_of(Settings()) == {"x86_64"}
    assert archs_of(Settings(instance_types=("m7g.large",))) == {"arm64"}
    assert archs_of(Settings(instance_types=("m7g.large", "m7i.large"))) == {"arm64", "x86_64"}


@pytest.mark.parametrize(
    ("code", "status", "right"),
    [
        ("DryRunOperation", 412, "there"),
        ("UnauthorizedOperation", 403, "missing"),
        ("InvalidLaunchTemplateName.NotFoundException", 400, "untried"),
    ],
)
async def test_a_dry_run_tells_a_right(tmp_path: Path, code: str, status: int, right: str) -> None:
    """Permitted, not permitted, or AWS looked at something else first."""
    with stubbed(tmp_path) as (aws, _, _, _):
        aws.fails("create_fleet", code, status=status)
        tried = await dry_run(aws, "ec2:CreateFleet", **fleet())
        assert tried.right == right
        aws.fails("create_fleet", "RequestLimitExceeded", status=503)
        with pytest.raises(OperationFailed, match="RequestLimitExceeded"):
            await dry_run(aws, "ec2:CreateFleet", **fleet())


async def test_a_dry_run_that_was_carried_out_is_told(tmp_path: Path) -> None:
    """Whatever answered is no EC2: it may have made something."""
    with stubbed(tmp_path) as (aws, _, _, _):
        aws.answers("create_fleet", {"FleetId": "fleet-1"})
        with pytest.raises(OperationFailed, match="although it was a dry run"):
            await dry_run(aws, "ec2:CreateFleet", **fleet())


def fleet() -> dict[str, Any]:
    """What botocore wants of a fleet."""
    template = {"LaunchTemplateName": "jobsched-test", "Version": "1"}
    return {
        "TargetCapacitySpecification": {"TotalTargetCapacity": 1},
        "LaunchTemplateConfigs": [{"LaunchTemplateSpecification": template}],
    }


def test_rights_are_told_together() -> None:
    """What is missing fails, unless it may be there all the same; what was not tried is unknown."""
    there, missing = Tried(action="ec2:A", right="there"), Tried(action="ec2:B", right="missing")
    untried = Tried(action="ec2:C", right="untried", words="gone")
    assert told([there]) == Finding("pass", "permitted: ec2:A")
    assert told([there, missing, untried]).verdict == "fail"
    assert "not permitted: ec2:B;" in told([there, missing]).sentence
    assert told([there, untried]) == Finding("unknown", "could not be tried: ec2:C (gone)")
    assert told([missing], unless="ask later").verdict == "unknown"


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://jobs.example.org/callback", "https://jobs.example.org/healthcheck"),
        ("http://[::1]:8080/jobs/callback?a=b", "http://[::1]:8080/jobs/healthcheck"),
    ],
)
def test_the_healthcheck_is_beside_the_callback(url: str, asked: str) -> None:
    """A path that a proxy puts before it stays."""
    assert healthcheck_of(url) == asked


def test_a_machine_that_asks_itself_is_known() -> None:
    """By name and by address, of both versions."""
    here = ("localhost", "api.localhost", "127.0.0.1", "127.8.0.1", "::1")
    assert all(map(is_loopback, here))
    assert not any(map(is_loopback, ("jobs.example.org", "10.0.0.1", "localhost.example.org", "")))


def test_tokens_are_not_sent_in_clear() -> None:
    """C: over plain HTTP only to the machine itself, which is a test's."""
    well = Finding("pass", "answers")
    assert safe("https://jobs.example.org/callback", well) == well
    assert safe("http://127.0.0.1:8080/callback", well) == well
    found = safe("http://jobs.example.org/callback", well)
    assert (found.verdict, "JOBSCHED_CALLBACK_URL" in found.sentence) == ("warn", True)


async def test_machines_of_aws_do_not_reach_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loopback address answers here, and nowhere else; with a fake EC2 it is right."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    url = "http://127.0.0.1:8080/callback"
    services = LentServices(data_dir=tmp_path, settings={"jobsched": {"callback_url": url}})
    try:
        aws = Aws(services, region="us-east-1")
        found = await Callback(aws, services, Settings()).look()
    finally:
        services.spawn.end()
    assert (found.verdict, "do not reach 127.0.0.1" in found.sentence) == ("fail", True), found


class Live(BaseHTTPRequestHandler):
    """The API's live string."""

    def do_GET(self) -> None:
        """Give it."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"live")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def behind_tls(tmp_path: Path) -> Iterator[str]:
    """The API behind a certificate that nobody else trusts."""
    pair = certificates.make("jobs.example.org")
    file = tmp_path / "both.pem"
    file.write_text(pair.certificate_pem + pair.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Live)
    # the handshake in the thread of the connection, where its failure ends nothing else
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused, as is right
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/healthcheck"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_certificate_that_nobody_trusts_fails(behind_tls: str) -> None:
    """Machines would not report to it: they check it too."""
    found = answered(behind_tls)
    assert (found.verdict, "certificate" in found.sentence) == ("fail", True), found
    assert "JOBSCHED_CALLBACK_URL" in found.sentence
