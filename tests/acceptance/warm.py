"""Read before the first fork: what the AWS SDK knows of the services that jobsched calls."""

from typing import Any

import boto3

from tests import sdk

sdk.read_once()
_session: Any = boto3.Session("made-up", "made-up", region_name="us-east-1")
for _service in ("ec2", "pricing", "ssm", "sts"):
    _session.client(_service)
