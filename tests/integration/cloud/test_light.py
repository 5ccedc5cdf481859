"""Machines without systemd: the same user data, the same life, many at one time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobsched.testing.cloud import LocalCloud
from tests.clouds import client, launch, local_cloud, until
from tests.integration.cloud.conftest import LOOKS_AROUND, listening

#: a service that is started again and again, and the end of the machine's time
UNITS = """\
#!/bin/bash
cat >/etc/systemd/system/again.service <<'END'
[Service]
ExecStart=/bin/sh -c 'echo $$GREETING >>/root/runs; sleep 0.1'
Environment=GREETING=hello
Restart=always
RestartSec=0.1
[Install]
WantedBy=multi-user.target
END
cat >/etc/systemd/system/dies.service <<'END'
[Service]
Type=oneshot
ExecStart=/bin/systemctl poweroff
END
cat >/etc/systemd/system/dies.timer <<'END'
[Timer]
OnCalendar=DIES
[Install]
WantedBy=timers.target
END
systemctl daemon-reload && systemctl enable --now again dies.timer
"""


@pytest.fixture(scope="module", name="light")
def run_light(docker_host: str) -> Iterator[LocalCloud]:
    """Give a cloud of light machines."""
    with local_cloud(mode="light") as one:
        yield one


@pytest.fixture(scope="module", name="calls")
def make_client(light: LocalCloud) -> Iterator[Any]:
    """Give boto3's client of its EC2."""
    made = client(light)
    yield made
    made.close()


def test_user_data_runs_on_several_at_one_time(light: LocalCloud, calls: Any) -> None:
    """Each runs the bytes of its launch, knows who it is, and runs containers of its own."""
    with listening(light) as listener:
        user_data = LOOKS_AROUND.replace("GATEWAY", listener.url).encode()
        launched = [launch(calls, user_data) for _ in range(3)]
        until("all post what they found", lambda: len(listener.posts) == len(launched))
    found = {
        caller: dict(line.split("=", 1) for line in said.splitlines())
        for caller, said in listener.posts
    }
    sent = hashlib.sha256(user_data).hexdigest()
    for machine in launched:
        assert found[machine["PrivateIpAddress"]] == {
            "instance": machine["InstanceId"],
            "user_data": sent,
            "seed": sent,
            "without_token": "401",
            "action": "404",
            "container": "said by a container",
        }
    calls.terminate_instances(InstanceIds=[one["InstanceId"] for one in launched])
    until("all are gone", lambda: light.bodies() == [])


def test_its_time_ends_also_after_a_reboot(light: LocalCloud, calls: Any) -> None:
    """What is enabled starts again when it has rebooted; a timer powers it off, and it is gone."""
    dies_at = datetime.now(UTC) + timedelta(hours=1)
    user_data = UNITS.replace("DIES", f"{dies_at:%Y-%m-%d %H:%M:%S} UTC").encode()
    machine = launch(calls, user_data)["InstanceId"]

    def ran(script: str) -> bool:
        try:
            return light.run(machine, "sh", "-c", script).returncode == 0
        except KeyError:
            return False

    twice = "[ $(grep -c hello /root/runs) -ge 2 ]"
    until("the service has run twice", lambda: ran(twice))
    ran("rm /root/runs; reboot")
    until("it has rebooted", lambda: "rebooted" in [one.what for one in light.events])
    until("the service runs again", lambda: ran(twice))
    until("the timer runs again", lambda: ran("systemctl is-active dies.timer"))
    assert light.ec2.machine(machine).state == "running"

    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    sooner = f"sed -i 's/^OnCalendar.*/OnCalendar={now}/' /etc/systemd/system/dies.timer"
    ran(f"{sooner} && systemctl restart dies.timer")
    until("its time is over", lambda: light.bodies() == [])
    assert light.ec2.machine(machine).reason == "Client.InstanceInitiatedShutdown"
    assert "Powering off." in light.console(machine)
