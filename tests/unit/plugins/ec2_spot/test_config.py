"""The section of `ec2_spot`."""

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from jobsched.plugins.ec2_spot import jobsched_config_schemas


def load(section: dict[str, Any]) -> dict[str, Any]:
    """Load the section as the configuration does."""
    loaded: dict[str, Any] = jobsched_config_schemas()["ec2_spot"]().load(section)
    return loaded


def test_defaults() -> None:
    """Nothing has to be set."""
    assert load({}) == {
        "region": None,
        "endpoint_url": None,
        "subnets": [],
        "security_groups": [],
        "instance_types": [],
        "callback_url": None,
        "key_name": None,
        "instance_profile": None,
        "on_demand": "fallback",
        "max_price": None,
        "lead": timedelta(minutes=3),
        "alive": 20,
        "hourly": 100,
    }


def test_a_list_may_be_one_text() -> None:
    """An environment variable gives a list as one text with commas."""
    assert load({"subnets": "subnet-a, subnet-b,"})["subnets"] == ["subnet-a", "subnet-b"]
    assert load({"subnets": ["subnet-a"]})["subnets"] == ["subnet-a"]


def test_a_lead_is_a_duration() -> None:
    """The lead is written as durations are everywhere."""
    assert load({"lead": "2m30s"})["lead"] == timedelta(minutes=2, seconds=30)


def test_addresses_may_be_local() -> None:
    """A fake EC2 of a test has a name without a top-level domain."""
    assert load({"endpoint_url": "http://localhost:5000"})["endpoint_url"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("on_demand", "sometimes"),
        ("max_price", 0),
        ("max_price", "cheap"),
        ("alive", 0),
        ("hourly", 0),
        ("lead", -1),
        ("callback_url", "not a url"),
        ("subnets", [""]),
        ("area", "eu-west-1"),
    ],
)
def test_mistakes_are_refused(key: str, value: object) -> None:
    """A wrong value and a misspelt key are named."""
    assert list(jobsched_config_schemas()["ec2_spot"]().validate({key: value})) == [key]


def test_imports_without_boto3() -> None:
    """The configuration can be checked where the SDK of AWS is not loaded."""
    script = "import sys, jobsched.plugins.ec2_spot; sys.exit('boto3' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
