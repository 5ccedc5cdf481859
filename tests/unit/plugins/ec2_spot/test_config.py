"""The section of `ec2_spot`."""

import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from jobsched.plugins.ec2_spot import jobsched_config_schemas
from jobsched.plugins.ec2_spot.settings import Settings


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
        "worker_source": [],
        "public_address": False,
        "instance_types": [],
        "image": None,
        "disk_gib": 30,
        "disk_device": "/dev/xvda",
        "callback_url": None,
        "key_name": None,
        "instance_profile": None,
        "on_demand": "fallback",
        "max_price": None,
        "on_demand_prices": {},
        "lead": timedelta(minutes=3),
        "alive": 20,
        "hourly": 100,
        "per_second": 2.0,
    }


def test_the_defaults_are_those_of_the_settings() -> None:
    """Whoever makes settings without a section gets what an empty section gives."""
    assert Settings.of(load({})) == Settings()


def test_settings_keep_the_section() -> None:
    """Each key of the section is a setting; lists cannot be changed any more."""
    settings = Settings.of(load({"subnets": "subnet-a", "alive": None, "public_address": "true"}))
    assert (settings.subnets, settings.alive, settings.public_address) == (
        ("subnet-a",),
        None,
        True,
    )


def test_prices_may_be_one_text() -> None:
    """An environment variable gives a list of prices as one text."""
    prices = {"m7i.large": Decimal("0.1008"), "m7a.large": Decimal("0.12")}
    assert load({"on_demand_prices": "m7i.large=0.1008, m7a.large=0.12"})["on_demand_prices"] == (
        prices
    )
    assert load({"on_demand_prices": {"m7i.large": 0.1008, "m7a.large": "0.12"}}) == load(
        {"on_demand_prices": "m7i.large=0.1008 m7a.large=0.12"}
    )


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ("sg-0abc", "sg-0abc"),
        ("10.0.0.0/16", "10.0.0.0/16"),
        ("203.0.113.7", "203.0.113.7/32"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
        ("2001:db8::7", "2001:db8::7/128"),
        ("0.0.0.0/1", "0.0.0.0/1"),
    ],
)
def test_workers_are_groups_or_addresses(written: str, source: str) -> None:
    """Who may reach a machine is a security group, or addresses as EC2 writes them."""
    assert load({"worker_source": written})["worker_source"] == [source]


def test_a_source_counts_once() -> None:
    """However it is written."""
    assert load({"worker_source": "10.0.0.5, 10.0.0.5/32"})["worker_source"] == ["10.0.0.5/32"]


@pytest.mark.parametrize(
    "sources",
    ["0.0.0.0/0", "::/0", "128.0.0.0/1,sg-1,0.0.0.0/1", "::/1, 8000::/1", "10.0.0.5,::/0"],
)
def test_everybody_is_no_source(sources: str) -> None:
    """Who reaches the port and has the key is root there: never all addresses, nor two halves."""
    mistakes = jobsched_config_schemas()["ec2_spot"]().validate({"worker_source": sources})
    (sentence,) = mistakes["worker_source"]
    assert sentence.startswith("That admits everybody")


@pytest.mark.parametrize(
    "image", ["ami-0123456789abcdef0", "/acme/images/{arch}/latest", "acme-image"]
)
def test_an_image_is_an_ami_or_a_parameter(image: str) -> None:
    """The image is named itself, or by the parameter that names it."""
    assert load({"image": image})["image"] == image


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
        ("per_second", 0),
        ("worker_source", "anybody"),
        ("worker_source", "10.0.0.1/16"),
        ("instance_types", "large"),
        ("image", "ami with spaces"),
        ("disk_gib", 0),
        ("disk_device", "xvda;"),
        ("on_demand_prices", "m7i.large"),
        ("on_demand_prices", "large=1"),
        ("on_demand_prices", {"m7i.large": 0}),
    ],
)
def test_mistakes_are_refused(key: str, value: object) -> None:
    """A wrong value and a misspelt key are named."""
    assert list(jobsched_config_schemas()["ec2_spot"]().validate({key: value})) == [key]


def test_imports_without_boto3() -> None:
    """The configuration can be checked where the SDK of AWS is not loaded."""
    script = "import sys, jobsched.plugins.ec2_spot; sys.exit('boto3' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
