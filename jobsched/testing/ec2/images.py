"""DescribeImages: every well-formed image is there, unless a switch says that it is not."""

from __future__ import annotations

from typing import Any

from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.estate import Estate
from jobsched.testing.ec2.refusal import Refusal


def check(cloud: Cloud, image: str | None) -> str:
    """Give the id of an image that is there.

    Raises:
        Refusal: there is none, or it is no id.
    """
    if not image:
        raise Refusal("MissingParameter", "The request must contain the parameter ImageId")
    if not image.startswith("ami-"):
        raise Refusal("InvalidAMIID.Malformed", f'Invalid id: "{image}" (expecting "ami-...")')
    if image in cloud.switches.bad_images:
        raise Refusal("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist")
    return image


def describe(cloud: Cloud, account: Estate, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer DescribeImages for ids; a search without ids finds nothing."""
    wanted = [check(cloud, one) for one in asked.get("ImageIds") or ()]
    return {"Images": [_described(account, one) for one in wanted]}


def _described(account: Estate, image: str) -> dict[str, Any]:
    return {
        "ImageId": image,
        "State": "available",
        "Architecture": account.architecture(image) or "x86_64",
        "ImageType": "machine",
        "Name": image,
        "Public": True,
        "RootDeviceName": "/dev/xvda",
        "RootDeviceType": "ebs",
        "VirtualizationType": "hvm",
    }


__all__ = ["check", "describe"]
