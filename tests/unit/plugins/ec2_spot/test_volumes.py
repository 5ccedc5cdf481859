"""Disks that machines left behind."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.volumes import SPARED, remove_leftovers
from tests.unit.plugins.ec2_spot.stubbed import NOW, StubbedAws, stubbed

ASKED = {
    "Filters": [
        {"Name": "tag:jobsched:deployment", "Values": ["test"]},
        {"Name": "status", "Values": ["available"]},
    ],
    "MaxResults": 500,
}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[StubbedAws]:
    """AWS with answers that a test prepares."""
    with stubbed(tmp_path) as (prepared, *_):
        yield prepared


def volume(volume_id: str, *, at: datetime = NOW - SPARED) -> dict[str, Any]:
    """A volume as EC2 shows it."""
    return {"VolumeId": volume_id, "Size": 8, "State": "available", "CreateTime": at}


async def test_volumes_that_no_machine_uses_are_deleted(aws: StubbedAws) -> None:
    """T8: the deployment's unused volumes, on all pages, are deleted and named."""
    aws.answers("describe_volumes", {"Volumes": [volume("vol-1")], "NextToken": "2"}, asked=ASKED)
    second = {**ASKED, "NextToken": "2"}
    aws.answers("describe_volumes", {"Volumes": [volume("vol-2")]}, asked=second)
    aws.answers("delete_volume", {}, asked={"VolumeId": "vol-1"})
    aws.answers("delete_volume", {}, asked={"VolumeId": "vol-2"})

    removed = await remove_leftovers(aws, "test", NOW)

    assert removed == ["volume vol-1 (8 GiB)", "volume vol-2 (8 GiB)"]


async def test_a_young_volume_is_spared(aws: StubbedAws) -> None:
    """T8: a volume of less than ten minutes may be on its way to its machine."""
    young = volume("vol-1", at=NOW - SPARED + timedelta(seconds=1))
    aws.answers("describe_volumes", {"Volumes": [young]})

    assert await remove_leftovers(aws, "test", NOW) == []


@pytest.mark.parametrize("code", ["InvalidVolume.NotFound", "VolumeInUse"])
async def test_what_is_gone_or_used_meanwhile_is_no_failure(aws: StubbedAws, code: str) -> None:
    """T8: a volume that is gone already, or attached meanwhile, is passed over."""
    aws.answers("describe_volumes", {"Volumes": [volume("vol-1"), volume("vol-2")]})
    aws.fails("delete_volume", code)
    aws.answers("delete_volume", {}, asked={"VolumeId": "vol-2"})

    assert await remove_leftovers(aws, "test", NOW) == ["volume vol-2 (8 GiB)"]


async def test_one_that_cannot_be_deleted_hides_no_other(aws: StubbedAws) -> None:
    """T8: all are tried, and then it is said what failed."""
    aws.answers("describe_volumes", {"Volumes": [volume("vol-1"), volume("vol-2")]})
    aws.fails("delete_volume", "UnauthorizedOperation", status=403)
    aws.answers("delete_volume", {}, asked={"VolumeId": "vol-2"})

    with pytest.raises(OperationFailed) as failed:
        await remove_leftovers(aws, "test", NOW)
    assert failed.value.reason == "configuration"
    assert failed.value.message == (
        "1 left, 1 removed: UnauthorizedOperation: delete_volume: as prepared"
    )


async def test_without_a_list_nothing_is_deleted(aws: StubbedAws) -> None:
    """T8: a list that cannot be had whole is no list."""
    aws.answers("describe_volumes", {"Volumes": [volume("vol-1")], "NextToken": "2"})
    aws.fails("describe_volumes", "RequestLimitExceeded")

    with pytest.raises(OperationFailed) as failed:
        await remove_leftovers(aws, "test", NOW)
    assert failed.value.reason == "throttled"
