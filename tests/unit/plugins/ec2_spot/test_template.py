"""The launch template, and its versions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.group import SecurityGroups
from jobsched.plugins.ec2_spot.network import Network
from jobsched.plugins.ec2_spot.settings import Settings
from jobsched.plugins.ec2_spot.template import (
    SHOWN_WITHIN,
    Template,
    Version,
    content_of,
    hash_of,
    newest,
)
from jobsched.testing.clock import FakeClock
from tests.unit.plugins.ec2_spot.stubbed import NOW, StubbedAws, stubbed

SETTINGS = Settings(security_groups=("sg-1",))
CONTENT = content_of(SETTINGS, ["sg-1"], "test")


@pytest.fixture
def lent(tmp_path: Path) -> Iterator[tuple[StubbedAws, Template, FakeClock]]:
    """A template over answers that a test prepares."""
    with stubbed(tmp_path) as (aws, services, _, clock):
        groups = SecurityGroups(
            aws,
            services,
            Network(aws, clock, ()),
            configured=SETTINGS.security_groups,
            worker_source=(),
        )
        yield aws, Template(aws, services, groups, SETTINGS), clock


def version(number: int, content: dict[str, Any] = CONTENT) -> dict[str, Any]:
    """A version as EC2 shows it."""
    return {
        "LaunchTemplateId": "lt-1",
        "VersionNumber": number,
        "VersionDescription": hash_of(content),
    }


def test_what_all_machines_have_in_common() -> None:
    """IMDSv2 with one hop, an end at power-off, a disk that goes with the machine and is tagged."""
    assert CONTENT == {
        "SecurityGroupIds": ["sg-1"],
        "InstanceInitiatedShutdownBehavior": "terminate",
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 1,
            "InstanceMetadataTags": "disabled",
        },
        "BlockDeviceMappings": [
            {
                "DeviceName": "/dev/xvda",
                "Ebs": {"DeleteOnTermination": True, "VolumeSize": 30, "VolumeType": "gp3"},
            }
        ],
        "TagSpecifications": [
            {
                "ResourceType": "volume",
                "Tags": [{"Key": "jobsched:deployment", "Value": "test"}],
            }
        ],
    }


def test_what_is_configured_stands_in_it() -> None:
    """Key pair, profile by name or ARN, and the disk."""
    arn = "arn:aws:iam::123456789012:instance-profile/jobs"
    settings = Settings(key_name="me", instance_profile=arn, disk_gib=100, disk_device="/dev/sda1")
    content = content_of(settings, ["sg-1"], "test")
    (disk,) = content["BlockDeviceMappings"]

    assert (content["KeyName"], content["IamInstanceProfile"]) == ("me", {"Arn": arn})
    assert (disk["DeviceName"], disk["Ebs"]["VolumeSize"]) == ("/dev/sda1", 100)
    named = content_of(replace(settings, instance_profile="jobs"), ["sg-1"], "test")
    assert named["IamInstanceProfile"] == {"Name": "jobs"}


def test_another_content_has_another_hash() -> None:
    """The hash is that of the content, whatever the order of its keys, and fits as a description.

    It is fixed here: if it changes without the content, every deployment makes a new version.
    """
    turned = dict(reversed(CONTENT.items()))
    assert hash_of(turned) == hash_of(CONTENT)
    assert hash_of(content_of(SETTINGS, ["sg-2"], "test")) != hash_of(CONTENT)
    assert hash_of({"a": 1}) == (
        "sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    )
    assert len(hash_of(CONTENT)) <= 255


def test_the_newest_of_the_same_content_is_used() -> None:
    """Of two equal ones the later; one of other content never."""
    other = version(9, {"a": 1})
    found = [version(2), version(10), version(3), other]
    assert newest(found, hash_of(CONTENT)) == Version(id="lt-1", number="10")
    assert newest([other], hash_of(CONTENT)) is None


async def test_a_version_that_is_there_is_used(
    lent: tuple[StubbedAws, Template, FakeClock],
) -> None:
    """It is looked for once for many launches, and nothing is made."""
    aws, template, _ = lent
    answer = {"LaunchTemplateVersions": [version(4)]}
    asked = {"LaunchTemplateName": "jobsched-test"}
    aws.answers("describe_launch_template_versions", answer, asked=asked)

    assert [await template.version() for _ in range(2)] == [Version(id="lt-1", number="4")] * 2
    assert not template.is_new


async def test_the_first_launch_makes_the_template(
    lent: tuple[StubbedAws, Template, FakeClock],
) -> None:
    """A new deployment has none; for a minute EC2 may not show it to its other calls."""
    aws, template, clock = lent
    aws.fails("describe_launch_template_versions", "InvalidLaunchTemplateName.NotFoundException")
    tagged = {
        "ResourceType": "launch-template",
        "Tags": [{"Key": "jobsched:deployment", "Value": "test"}],
    }
    aws.answers(
        "create_launch_template",
        {"LaunchTemplate": {"LaunchTemplateId": "lt-1", "LatestVersionNumber": 1}},
        asked={
            "LaunchTemplateName": "jobsched-test",
            "VersionDescription": hash_of(CONTENT),
            "LaunchTemplateData": CONTENT,
            "TagSpecifications": [tagged],
        },
    )

    assert await template.version() == Version(id="lt-1", number="1")
    assert template.is_new
    clock.advance(SHOWN_WITHIN.total_seconds())
    assert not template.is_new


@pytest.mark.parametrize(("seconds", "is_new"), [(-5, True), (0, True), (59, True), (60, False)])
async def test_what_another_worker_made_is_new_too(
    lent: tuple[StubbedAws, Template, FakeClock], seconds: int, *, is_new: bool
) -> None:
    """EC2 tells when, by its own clock; for a minute it may not show it to all calls."""
    aws, template, _ = lent
    made = {**version(4), "CreateTime": NOW - timedelta(seconds=seconds)}
    aws.answers("describe_launch_template_versions", {"LaunchTemplateVersions": [made]})

    await template.version()
    assert template.is_new is is_new


async def test_a_template_that_is_not_shown_and_cannot_be_made(
    lent: tuple[StubbedAws, Template, FakeClock],
) -> None:
    """Another worker has just made it, and EC2 shows it to nobody: it is looked for later."""
    aws, template, _ = lent
    aws.fails("describe_launch_template_versions", "InvalidLaunchTemplateName.NotFoundException")
    aws.fails("create_launch_template", "InvalidLaunchTemplateName.AlreadyExistsException")
    aws.fails("describe_launch_template_versions", "InvalidLaunchTemplateName.NotFoundException")

    with pytest.raises(OperationFailed) as failed:
        await template.version()
    assert (failed.value.reason, failed.value.effect, failed.value.then) == (
        "not_shown_yet",
        "none",
        "later",
    )


async def test_another_content_makes_a_version(
    lent: tuple[StubbedAws, Template, FakeClock],
) -> None:
    """After a change of the configuration; versions of others stay, for they may be in use."""
    aws, template, _ = lent
    answer = {"LaunchTemplateVersions": [version(4, {"a": 1})]}
    aws.answers("describe_launch_template_versions", answer)
    aws.answers(
        "create_launch_template_version",
        {"LaunchTemplateVersion": {"LaunchTemplateId": "lt-1", "VersionNumber": 5}},
        asked={
            "LaunchTemplateName": "jobsched-test",
            "VersionDescription": hash_of(CONTENT),
            "LaunchTemplateData": CONTENT,
        },
    )

    assert await template.version() == Version(id="lt-1", number="5")


async def test_two_workers_make_one_template(
    lent: tuple[StubbedAws, Template, FakeClock],
) -> None:
    """Who comes second uses the version of the first."""
    aws, template, _ = lent
    aws.fails("describe_launch_template_versions", "InvalidLaunchTemplateName.NotFoundException")
    aws.fails("create_launch_template", "InvalidLaunchTemplateName.AlreadyExistsException")
    aws.answers("describe_launch_template_versions", {"LaunchTemplateVersions": [version(1)]})

    assert await template.version() == Version(id="lt-1", number="1")


async def test_a_template_that_cannot_be_read_is_not_made(
    lent: tuple[StubbedAws, Template, FakeClock],
) -> None:
    """L10: a throttled look is no word that there is none."""
    aws, template, _ = lent
    aws.fails("describe_launch_template_versions", "RequestLimitExceeded", status=503)

    with pytest.raises(OperationFailed) as failed:
        await template.version()
    assert (failed.value.reason, failed.value.then) == ("throttled", "later")
