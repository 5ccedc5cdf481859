"""The image of a launch."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.image import Images, parameter_of
from tests.unit.plugins.ec2_spot.orders import IMAGE
from tests.unit.plugins.ec2_spot.stubbed import StubbedAws, stubbed
from tests.unit.plugins.lent import RealClock

ECS = "/aws/service/ecs/optimized-ami/amazon-linux-2023"


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[StubbedAws]:
    """AWS with prepared answers."""
    with stubbed(tmp_path) as (prepared, *_):
        yield prepared


@pytest.mark.parametrize(
    ("configured", "arch", "gpus", "name"),
    [
        (None, "x86_64", False, f"{ECS}/recommended/image_id"),
        (None, "arm64", False, f"{ECS}/arm64/recommended/image_id"),
        (None, "x86_64", True, f"{ECS}/gpu/recommended/image_id"),
        ("/acme/{arch}/latest", "arm64", False, "/acme/arm64/latest"),
        (IMAGE, "arm64", True, IMAGE),
    ],
)
def test_the_name_of_an_image(configured: str | None, arch: str, gpus: Any, name: str) -> None:
    """Without a setting it is the newest ECS-optimized Amazon Linux 2023 of the architecture."""
    assert parameter_of(configured, arch, gpus=gpus) == name


def test_no_image_is_guessed() -> None:
    """AWS publishes none with GPUs for arm64: such a job cannot be served until one is set."""
    with pytest.raises(OperationFailed, match=r"set ec2_spot\.image") as failed:
        parameter_of(None, "arm64", gpus=True)
    assert (failed.value.reason, failed.value.then) == ("configuration", "fail")


async def test_the_parameter_is_read(aws: StubbedAws) -> None:
    """The AMI is what the parameter holds now."""
    name = f"{ECS}/recommended/image_id"
    aws.answers("get_parameter", {"Parameter": {"Value": IMAGE}}, "ssm", asked={"Name": name})

    assert await Images(aws, None).find("x86_64", gpus=False) == IMAGE


async def test_launches_of_one_minute_share_a_look_up(aws: StubbedAws) -> None:
    """Two at once and one after them ask once for one architecture; nobody else's is shared."""
    name = f"{ECS}/recommended/image_id"
    aws.answers("get_parameter", {"Parameter": {"Value": IMAGE}}, "ssm", asked={"Name": name})
    images = Images(aws, None, RealClock())

    found = await asyncio.gather(*(images.find("x86_64", gpus=False) for _ in range(2)))
    assert [*found, await images.find("x86_64", gpus=False)] == [IMAGE] * 3

    arm = f"{ECS}/arm64/recommended/image_id"
    aws.answers("get_parameter", {"Parameter": {"Value": "ami-2"}}, "ssm", asked={"Name": arm})
    assert await images.find("arm64", gpus=False) == "ami-2"


async def test_an_ami_is_not_looked_up(aws: StubbedAws) -> None:
    """An AMI that is configured needs no call: none is prepared here."""
    assert await Images(aws, IMAGE).find("x86_64", gpus=False) == IMAGE


async def test_a_parameter_that_is_not_there_is_named(aws: StubbedAws) -> None:
    """L11: AWS says only that it is not found; the operator reads what was looked for."""
    aws.fails("get_parameter", "ParameterNotFound", "ssm")

    with pytest.raises(OperationFailed, match="/acme/x86_64/latest") as failed:
        await Images(aws, "/acme/{arch}/latest").find("x86_64", gpus=False)
    assert (failed.value.reason, failed.value.then) == ("configuration", "breaker")


async def test_a_parameter_that_holds_no_ami_is_named(aws: StubbedAws) -> None:
    """The parameter of the whole metadata is easily taken for that of the id."""
    aws.answers("get_parameter", {"Parameter": {"Value": '{"image_id": "ami-1"}'}}, "ssm")

    with pytest.raises(OperationFailed, match="which is no AMI's id"):
        await Images(aws, "/acme/latest").find("x86_64", gpus=False)


async def test_a_look_up_that_is_throttled_is_made_again(aws: StubbedAws) -> None:
    """L10: that is no word about the image."""
    aws.fails("get_parameter", "ThrottlingException", "ssm")

    with pytest.raises(OperationFailed) as failed:
        await Images(aws, None).find("x86_64", gpus=False)
    assert (failed.value.reason, failed.value.then) == ("throttled", "later")
