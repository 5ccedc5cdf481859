"""The fake's door for bodies: who gives machines something that boots follows them here."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from jobsched.testing.ec2 import FakeEc2
from tests.unit.testing.ec2.asking import fleet, launched


@pytest.fixture(scope="module", name="embodied")
def run_with_bodies() -> Iterator[FakeEc2]:
    """Give a fake whose machines wait for a body, in another range of addresses."""
    with FakeEc2(network="172.29.0.0/16", has_bodies=True) as one:
        yield one


@pytest.fixture(name="calls")
def make_client(embodied: FakeEc2) -> Any:
    """Give boto3's client of a fake that knows nothing."""
    embodied.reset()
    keys = embodied.environment
    return boto3.client(
        "ec2",
        endpoint_url=embodied.url,
        region_name=embodied.region,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )


def _ask(fake: FakeEc2, method: str, path: str) -> Any:
    connection = http.client.HTTPConnection(urlsplit(fake.url).netloc, timeout=30)
    try:
        connection.request(method, f"/_fake/{path}", b"{}")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def _changed(fake: FakeEc2, known: dict[str, Any]) -> threading.Thread:
    """Ask for a change in a thread; it ends when there is one."""
    ended = threading.Thread(target=_ask, args=(fake, "GET", f"bodies/{known['version']}"))
    ended.start()
    return ended


def test_a_machine_runs_when_its_body_has_started(embodied: FakeEc2, calls: Any) -> None:
    """Without a body a machine is pending; with one it runs, after the pending seconds at least."""
    machine = launched(calls, **fleet(calls))
    assert embodied.machine(machine).state == "pending"
    _ask(embodied, "POST", f"machines/{machine}/embody")
    assert embodied.machine(machine).state == "running"

    embodied.switch(pending_seconds=30)
    slow = launched(calls, **fleet(calls))
    embodied.advance(31)
    assert embodied.machine(slow).state == "pending"
    _ask(embodied, "POST", f"machines/{slow}/embody")
    assert embodied.machine(slow).state == "running"

    early = launched(calls, **fleet(calls))
    _ask(embodied, "POST", f"machines/{early}/embody")
    assert embodied.machine(early).state == "pending"
    embodied.advance(31)
    assert embodied.machine(early).state == "running"


def test_the_range_of_the_default_network_is_settable(embodied: FakeEc2, calls: Any) -> None:
    """Machines, subnets and the VPC itself are of the range that the fake was started with."""
    machine = launched(calls, **fleet(calls))
    assert embodied.machine(machine).ip_address.startswith("172.29.")
    assert [one["CidrBlock"] for one in calls.describe_vpcs()["Vpcs"]] == ["172.29.0.0/16"]
    subnets = {one["CidrBlock"] for one in calls.describe_subnets()["Subnets"]}
    assert all(one.startswith("172.29.") for one in subnets)


def test_a_range_of_another_size_is_refused() -> None:
    """A range that the subnets of AWS do not fit into ends the start with a sentence."""
    command = [sys.executable, "-m", "jobsched.testing.ec2", "--network", "10.0.0.0/24"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    assert ran.returncode == 1
    assert "a default VPC has a prefix of 16" in ran.stderr


def test_who_follows_is_told_of_each_change_at_once(embodied: FakeEc2, calls: Any) -> None:
    """A launch, an end and an end that comes by itself are told to who waits for them."""
    before = _ask(embodied, "GET", "bodies")
    waits = _changed(embodied, before)
    machine = launched(calls, **fleet(calls))
    waits.join(10)
    assert not waits.is_alive()
    seen = _ask(embodied, "GET", "bodies")
    assert [one["id"] for one in seen["machines"]] == [machine]
    assert seen["machines"][0]["ip_address"] == embodied.machine(machine).ip_address

    embodied.interrupt(machine, notice=True, seconds=0.5)
    told = _ask(embodied, "GET", "bodies")
    assert told["machines"][0]["notice_at"] is not None
    waits = _changed(embodied, told)
    # Not only when the fake answers anyway, after 20 s.
    waits.join(10)
    assert not waits.is_alive()
    assert _ask(embodied, "GET", "bodies")["machines"] == []
    assert embodied.machine(machine).reason == "Server.SpotInstanceTermination"


def test_a_rebalance_is_recommended_to_spot_machines(embodied: FakeEc2, calls: Any) -> None:
    """A recommendation is told to the body of a spot machine; another machine gets none."""
    spot = launched(calls, **fleet(calls))
    assert _ask(embodied, "GET", "bodies")["machines"][0]["rebalance_at"] is None
    embodied.recommend_rebalance(spot)
    assert _ask(embodied, "GET", "bodies")["machines"][0]["rebalance_at"] is not None

    other = launched(calls, **fleet(calls, market="on-demand"))
    with pytest.raises(ValueError, match="no spot machine"):
        embodied.recommend_rebalance(other)


def test_boots_are_slowed_down_until_a_reset(embodied: FakeEc2, calls: Any) -> None:
    """How much longer a boot takes is a machine's from its launch, and forgotten by a reset."""

    def told() -> list[int]:
        return [one["boot_seconds"] for one in _ask(embodied, "GET", "bodies")["machines"]]

    embodied.slow_down(20)
    launched(calls, **fleet(calls))
    embodied.slow_down(-1)
    launched(calls, **fleet(calls))
    assert told() == [20, -1]
    embodied.reset()
    launched(calls, **fleet(calls))
    assert told() == [0]
