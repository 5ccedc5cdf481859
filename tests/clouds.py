"""A local cloud for tests, which are skipped (in CI: failed) where there can be none."""

import base64
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import boto3

from jobsched.testing.cloud import CannotRun, LocalCloud
from tests.services import missing

IMAGE = "ami-0123456789abcdef0"
#: seconds; a boot takes two to four on a machine that is not busy
PATIENCE = 90


@contextmanager
def local_cloud(**options: Any) -> Iterator[LocalCloud]:
    """Run a cloud; options are those of `LocalCloud`."""
    with ExitStack() as stack:
        try:
            cloud = stack.enter_context(LocalCloud(**options))
        except CannotRun as error:
            missing(str(error))
        yield cloud


def client(cloud: LocalCloud) -> Any:
    """Give boto3's client of a cloud's EC2; to be closed."""
    keys = cloud.environment
    return boto3.client(
        "ec2",
        endpoint_url=cloud.ec2.url,
        region_name=cloud.ec2.region,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )


def launch(ec2: Any, user_data: bytes = b"", **more: Any) -> dict[str, Any]:
    """Launch a spot machine by a template like the product's; give the machine as EC2 does."""
    data = {
        "ImageId": IMAGE,
        "InstanceType": "m7i.large",
        "InstanceInitiatedShutdownBehavior": "terminate",
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "UserData": base64.b64encode(user_data).decode(),
        "InstanceMarketOptions": {"MarketType": "spot"},
    }
    name = f"test-{secrets.token_hex(4)}"
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data | more)
    asked = {"LaunchTemplateName": name, "Version": "1"}
    made = ec2.run_instances(LaunchTemplate=asked, MinCount=1, MaxCount=1)
    return dict(made["Instances"][0])


def until(what: str, holds: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Give what is true at last; fail if it is not true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")
