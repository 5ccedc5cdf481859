"""What EC2's description of a machine means."""

from datetime import UTC, datetime
from typing import Any

import pytest

from jobsched.domain.job import Access
from jobsched.plugins.ec2_spot.described import status_of

RUNNING: dict[str, Any] = {
    "InstanceId": "i-1",
    "InstanceType": "m7i.large",
    "InstanceLifecycle": "spot",
    "LaunchTime": datetime(2026, 11, 25, 11, 50, tzinfo=UTC),
    "Placement": {"AvailabilityZone": "us-east-1a"},
    "PrivateIpAddress": "10.0.0.7",
    "PublicIpAddress": "203.0.113.7",
    "PrivateDnsName": "ip-10-0-0-7.ec2.internal",
    "PublicDnsName": "ec2-203-0-113-7.compute-1.amazonaws.com",
    "State": {"Code": 16, "Name": "running"},
}


@pytest.mark.parametrize(
    ("state", "phase"),
    [
        ("pending", "pending"),
        ("running", "running"),
        ("shutting-down", "going"),
        ("terminated", "gone"),
        ("stopping", "going"),
        ("stopped", "going"),
        ("dreaming", "unknown"),
    ],
)
def test_each_state_has_its_phase(state: str, phase: str) -> None:
    """T4: only what is described as terminated is gone; a word that is not known says nothing."""
    assert status_of({**RUNNING, "State": {"Name": state}}, public_address=False).phase == phase


def test_what_is_kept_of_a_machine() -> None:
    """The record keeps type, zone, market, launch time and where it is."""
    status = status_of(RUNNING, public_address=False)

    assert status.instance is not None
    assert status.instance.id == "i-1"
    assert status.instance.price is None
    assert status.instance.state == {
        "type": "m7i.large",
        "zone": "us-east-1a",
        "market": "spot",
        "launched_at": "2026-11-25T11:50:00+00:00",
        "dns_name": "ip-10-0-0-7.ec2.internal",
        "ip_address": "10.0.0.7",
        "state": "running",
    }
    assert not status.ready, "the machine says so itself, by its callback"
    assert not status.interrupted


@pytest.mark.parametrize(
    ("public", "address", "name"),
    [
        (False, "10.0.0.7", "ip-10-0-0-7.ec2.internal"),
        (True, "203.0.113.7", "ec2-203-0-113-7.compute-1.amazonaws.com"),
    ],
)
def test_a_machine_is_reached_where_it_is_configured(
    *, public: bool, address: str, name: str
) -> None:
    """Workers reach it by TLS at its private or at its public address, as configured."""
    status = status_of(RUNNING, public_address=public)

    assert status.access == Access(kind="docker_tls", address=address, port=2376)
    assert status.instance is not None
    assert status.instance.access == status.access
    assert status.instance.state["ip_address"] == address
    assert status.instance.state["dns_name"] == name


def test_no_access_before_there_is_an_address() -> None:
    """A machine that has no address yet cannot be reached; EC2 shows no or an empty one."""
    fresh = {key: RUNNING[key] for key in ("InstanceId", "InstanceType", "LaunchTime", "State")}

    for machine in (fresh, {**fresh, "PublicIpAddress": "", "PublicDnsName": ""}):
        status = status_of(machine, public_address=True)
        assert status.access is None
        assert status.instance is not None
        assert status.instance.state["ip_address"] is None
        assert status.instance.state["dns_name"] is None
        assert status.instance.state["market"] == "on-demand"


@pytest.mark.parametrize("code", ["Server.SpotInstanceTermination", "Server.SpotInstanceShutdown"])
@pytest.mark.parametrize("state", ["shutting-down", "terminated"])
def test_a_spot_machine_that_is_taken_away_is_interrupted(code: str, state: str) -> None:
    """B3: the state reason tells an interruption from an end that we asked for."""
    machine = {**RUNNING, "State": {"Name": state}, "StateReason": {"Code": code}}

    assert status_of(machine, public_address=False).interrupted


@pytest.mark.parametrize("state", ["stopping", "stopped"])
def test_a_stopped_machine_is_interrupted(state: str) -> None:
    """A machine that somebody else stopped ran its job to no end, and is to be given back."""
    machine = {**RUNNING, "State": {"Name": state}}

    assert status_of(machine, public_address=False).interrupted


@pytest.mark.parametrize(
    "code",
    [
        "Client.UserInitiatedShutdown",
        "Client.InstanceInitiatedShutdown",
        "Client.VolumeLimitExceeded",
        "Server.InsufficientInstanceCapacity",
        "Server.InternalError",
    ],
)
def test_another_end_is_no_interruption(code: str) -> None:
    """L13: a machine that ended at once is gone, with EC2's reason kept."""
    machine = {**RUNNING, "State": {"Name": "terminated"}, "StateReason": {"Code": code}}
    status = status_of(machine, public_address=False)

    assert status.phase == "gone"
    assert not status.interrupted
    assert status.instance is not None
    assert status.instance.state["reason"] == code
