"""The machine's end at its time, whatever happens."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import JobId
from jobsched.plugins.ec2_spot.user_data import script_for
from tests.unit.user_data.machine import Machine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


def script(machine: Machine, dies_at: datetime) -> str:
    """The script of a machine that ends then."""
    order = MachineOrder(
        deployment="test",
        job=JobId("j" * 32),
        attempt=1,
        launch=1,
        token="",
        boot_script="echo all is well\n",
        dies_at=dies_at,
        callback_token="t",
    )
    return script_for(order, machine.url)


def test_a_timer_is_set_before_anything_else(machine: Machine) -> None:
    """B6, R8: at the order's moment, to the second, and kept over a reboot."""
    dies_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    ended = machine.run(script(machine, dies_at))
    assert "all is well" in ended.stdout
    assert machine.calls[:2] == [
        "systemctl daemon-reload",
        "systemctl enable --now jobsched-dies.timer",
    ]
    timer = machine.etc("systemd/system/jobsched-dies.timer").read_text()
    assert f"\nOnCalendar={dies_at:%Y-%m-%d %H:%M:%S} UTC\n" in timer
    assert "\nPersistent=true\n" in timer
    assert "\nAccuracySec=1s\n" in timer
    assert "systemctl poweroff" in machine.etc("systemd/system/jobsched-dies.service").read_text()
    assert not machine.powered_off


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_reads_the_moment(machine: Machine) -> None:
    """It is one moment, and the right one."""
    machine.run(script(machine, datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)))
    timer = machine.etc("systemd/system/jobsched-dies.timer").read_text()
    (when,) = [line.partition("=")[2] for line in timer.splitlines() if "OnCalendar" in line]
    said = subprocess.run(
        ["systemd-analyze", "calendar", when], capture_output=True, text=True, check=True
    )
    assert "2031-02-03 04:05:06 UTC" in said.stdout


def test_without_timers_a_loop_does_it(machine: Machine) -> None:
    """An image whose systemd takes no timer ends all the same, and the boot goes on."""
    machine.stand_in("systemctl", '[ "$3" != jobsched-dies.timer ] || exit 1')
    ended = machine.run(script(machine, datetime.now(UTC) + timedelta(seconds=2)))
    assert "all is well" in ended.stdout
    machine.wait(lambda: machine.powered_off)


def test_a_machine_that_comes_too_late_ends_at_once(machine: Machine) -> None:
    """B4: a timer that is set after its moment would wait for ever."""
    machine.run(script(machine, datetime.now(UTC) - timedelta(seconds=1)))
    machine.wait(lambda: machine.powered_off)


def test_a_boot_that_fails_leaves_the_timer(machine: Machine) -> None:
    """Should the power-off fail, there is the timer still."""
    dies_at = datetime.now(UTC) + timedelta(hours=1)
    failing = script(machine, dies_at).replace("echo all is well", "step oil false")
    machine.run(failing)
    assert machine.world.posted("terminate")
    assert "systemctl enable --now jobsched-dies.timer" in machine.calls
    assert not [call for call in machine.calls if "disable" in call or "stop" in call]
