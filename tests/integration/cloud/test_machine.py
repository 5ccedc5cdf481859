"""A machine of the local cloud: it really boots, runs its user data, and ends in all ways."""

from __future__ import annotations

import hashlib
import http.client
import json
from typing import Any

from jobsched.testing.cloud import LocalCloud
from tests.clouds import launch, until
from tests.integration.cloud.conftest import Booted

ASK = """\
token=$(curl -sS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
curl -sS -f -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/{0}
"""
#: asks for a token, and for a value without one, from a container
FROM_CONTAINER = r"""
docker run --rm busybox:latest sh -c '
say() { printf "$1 HTTP/1.0\r\n$2\r\n" | timeout 2 nc 169.254.169.254 80; }
echo tokens $(say "PUT /latest/api/token" "X-aws-ec2-metadata-token-ttl-seconds: 9\r\n"|grep -c ^X)
echo refusals $(say "GET /latest/meta-data/instance-id" | grep -c 401)'
"""


def _ask(cloud: LocalCloud, machine: str, path: str) -> str:
    return cloud.run(machine, "bash", "-c", ASK.format(path)).stdout


def _happened(cloud: LocalCloud, machine: str) -> list[str]:
    return [one.what for one in cloud.events if one.machine == machine]


def test_user_data_runs_as_it_was_sent(booted: Booted) -> None:
    """The machine runs exactly the bytes of the launch, under its own id; its address is EC2's."""
    sent = hashlib.sha256(booted.user_data).hexdigest()
    assert booted.found["instance"] == booted.id
    assert (booted.found["user_data"], booted.found["seed"]) == (sent, sent)
    assert booted.caller == booted.described["PrivateIpAddress"]


def test_metadata_is_given_for_a_token_only(booted: Booted) -> None:
    """IMDSv1 is refused, as the template requires; nothing is said of an end that is not near."""
    assert booted.found["without_token"] == "401"
    assert booted.found["action"] == "404"


def test_a_container_runs_on_the_machines_own_engine(booted: Booted) -> None:
    """The machine has a Docker Engine of its own, and the image that it was given."""
    assert booted.found["container"] == "said by a container"


def test_no_token_gets_behind_the_machine(cloud: LocalCloud, booted: Booted) -> None:
    """With a hop limit of 1 a container reaches the metadata service, but gets no token."""
    ran = cloud.run(booted.id, "sh", "-c", FROM_CONTAINER)
    assert "tokens 0\nrefusals 1\n" in ran.stdout.replace("Terminated\n", ""), ran.stdout


def test_this_host_reaches_the_machine(cloud: LocalCloud, booted: Booted) -> None:
    """What listens in a machine is reached at the private address that EC2 tells."""
    server = ["python3", "-m", "http.server", "8000", "--directory", "/root"]
    assert cloud.run(booted.id, "systemd-run", *server).returncode == 0

    def answer() -> bytes | None:
        connection = http.client.HTTPConnection(booted.described["PrivateIpAddress"], 8000)
        try:
            connection.request("GET", "/found")
            return connection.getresponse().read()
        except ConnectionError:
            return None
        finally:
            connection.close()

    assert booted.id in until("the server answers", answer, 20).decode()


def test_the_machine_has_no_unit_that_failed(cloud: LocalCloud, booted: Booted) -> None:
    """It boots without a fault: what does not work in a container is not in its image."""
    until(
        "the boot is over",
        lambda: cloud.run(booted.id, "systemctl", "is-system-running").stdout.strip() != "starting",
    )
    assert cloud.run(booted.id, "systemctl", "--failed", "--no-legend").stdout == ""


def test_news_reach_the_machine_before_its_end(cloud: LocalCloud, booted: Booted) -> None:
    """A recommendation and a notice are told by the metadata service; then the machine goes."""
    cloud.recommend_rebalance(booted.id)
    path = "events/recommendations/rebalance"
    told = until("a rebalance is recommended", lambda: _ask(cloud, booted.id, path))
    assert json.loads(told).keys() == {"noticeTime"}

    cloud.ec2.interrupt(booted.id, notice=True, seconds=5)
    told = until("a notice", lambda: _ask(cloud, booted.id, "spot/instance-action"), 5)
    assert json.loads(told)["action"] == "terminate"
    assert cloud.ec2.machine(booted.id).state == "running"

    until("it is gone", lambda: booted.id not in cloud.bodies())
    assert cloud.ec2.machine(booted.id).reason == "Server.SpotInstanceTermination"
    assert "Cloud-init" in cloud.console(booted.id)


def test_it_reboots_and_powers_off(cloud: LocalCloud, ec2: Any) -> None:
    """A reboot boots the same machine again; `poweroff` in it is a termination of its own doing."""
    machine = launch(ec2, b"#!/bin/sh\ntouch /run/first-boot\n")["InstanceId"]

    def ran(*command: str) -> bool:
        try:
            return cloud.run(machine, *command).returncode == 0
        except KeyError:
            return False

    until("its user data has run", lambda: ran("test", "-e", "/run/first-boot"))
    ran("systemctl", "reboot")
    until("it has booted again", lambda: ran("test", "!", "-e", "/run/first-boot"))
    assert cloud.ec2.machine(machine).state == "running"

    until("systemd answers", lambda: ran("systemctl", "poweroff"))
    until("it is gone", lambda: _happened(cloud, machine)[-1] == "gone")
    assert machine not in cloud.bodies()
    assert cloud.ec2.machine(machine).reason == "Client.InstanceInitiatedShutdown"
    what = [one for one in _happened(cloud, machine) if one != "booted"]
    assert what == ["launched", "started", "rebooted", "powered_off", "gone"]


def test_a_terminated_machine_is_gone(cloud: LocalCloud, ec2: Any) -> None:
    """TerminateInstances takes the body away, whatever it does just then."""
    machine = launch(ec2)["InstanceId"]
    until("it has a body", lambda: machine in cloud.bodies())
    ec2.terminate_instances(InstanceIds=[machine])
    until("it is gone", lambda: machine not in cloud.bodies())
    assert cloud.ec2.machine(machine).reason == "Client.UserInitiatedShutdown"


def test_a_machine_that_never_boots_runs_all_the_same(cloud: LocalCloud, ec2: Any) -> None:
    """To EC2 it runs; nothing of it boots, until it is terminated."""
    cloud.slow_down(-1)
    try:
        machine = launch(ec2)["InstanceId"]
        until("it runs", lambda: cloud.ec2.machine(machine).state == "running")
        assert machine not in cloud.bodies()
    finally:
        cloud.slow_down(0)
    ec2.terminate_instances(InstanceIds=[machine])
    until("it is gone", lambda: _happened(cloud, machine)[-1] == "gone")


def test_a_slow_boot_begins_late(cloud: LocalCloud, ec2: Any) -> None:
    """A machine runs at once and begins to boot when the seconds are over."""
    cloud.slow_down(1.5)
    try:
        machine = launch(ec2)["InstanceId"]
    finally:
        cloud.slow_down(0)
    until("it runs", lambda: cloud.ec2.machine(machine).state == "running")
    until("it has a body", lambda: machine in cloud.bodies())
    ec2.terminate_instances(InstanceIds=[machine])

    def started() -> list[float]:
        mine = [one for one in cloud.events if one.machine == machine]
        return [one.seconds for one in mine if one.what == "started"]

    assert until("it has started", started)[0] >= 1.5
