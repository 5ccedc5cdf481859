"""What EC2 tells the machine is told to the API."""

import json
import subprocess
from datetime import UTC, datetime

import pytest

from tests.unit.user_data.machine import WITHIN, Machine
from tests.unit.user_data.test_commands import script

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

INTERRUPTION = "spot/instance-action"
REBALANCE = "events/recommendations/rebalance"
AT, NOTICED = "2026-11-25T15:30:10Z", "2026-11-25T15:20:00Z"


@pytest.fixture
def agent(machine: Machine) -> subprocess.Popen[str]:
    """The agent, on a machine that has booted."""
    assert machine.run(script(machine, "")).returncode == 0
    (machine.root / "calls").unlink()
    machine.world.posts.clear()
    return machine.start((machine.commands / "agent").read_text())


def test_it_is_a_service_that_stays(machine: Machine) -> None:
    """After a reboot it is there again."""
    machine.run(script(machine, ""))
    assert "systemctl enable --now jobsched-agent.service" in machine.calls
    unit = machine.etc("systemd/system/jobsched-agent.service").read_text()
    assert f"\nExecStart={machine.commands}/agent\n" in unit
    assert "\nWantedBy=multi-user.target\n" in unit
    assert (machine.commands / "agent").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("what", ["terminate", "stop"])
def test_an_interruption_is_told_once(
    machine: Machine, agent: subprocess.Popen[str], what: str
) -> None:
    """With its moment, as soon as EC2 tells it."""
    machine.wait(lambda: machine.calls.count("sleep 5") >= 4)
    assert machine.world.posts == []
    machine.world.metadata[INTERRUPTION] = json.dumps({"action": what, "time": AT}, indent=1)
    (told,) = machine.until(1, "interrupt")
    assert (told["until"], told["what"]) == (AT, what)
    machine.world.metadata[REBALANCE] = json.dumps({"noticeTime": NOTICED})
    agent.wait(WITHIN)
    assert [one["action"] for one in machine.world.posts] == ["interrupt", "rebalance"]
    assert machine.world.posted("rebalance")[0]["noticed_at"] == NOTICED
    assert agent.returncode == 0


@pytest.mark.parametrize(
    ("said", "what"), [('{"action":"hibernate"}', "hibernate"), ("{}", "terminate")]
)
def test_what_ec2_does_not_tell_is_taken_for_the_usual(
    machine: Machine, agent: subprocess.Popen[str], said: str, what: str
) -> None:
    """There is no time for a hibernation, which has begun: that is now."""
    assert agent.poll() is None
    before = datetime.now(UTC).replace(microsecond=0)
    machine.world.metadata[INTERRUPTION] = said
    machine.world.metadata[REBALANCE] = "{}"
    (told,), (recommended,) = machine.until(1, "interrupt"), machine.until(1, "rebalance")
    assert told["what"] == what
    for moment in (told["until"], recommended["noticed_at"]):
        assert before <= datetime.fromisoformat(moment) <= datetime.now(UTC)


def test_the_token_of_the_metadata_service_is_renewed(
    machine: Machine, agent: subprocess.Popen[str]
) -> None:
    """It is good for six hours, and a job may run for a week."""
    machine.wait(lambda: machine.calls.count("sleep 5") >= 2)
    assert agent.poll() is None
    machine.world.metadata_token = "another one"
    machine.world.metadata[INTERRUPTION] = json.dumps({"action": "terminate", "time": AT})
    assert machine.until(1, "interrupt")[0]["until"] == AT


def test_what_the_api_does_not_know_hides_nothing(
    machine: Machine, agent: subprocess.Popen[str]
) -> None:
    """An action that it refuses is posted again, slowly, beside the other one."""
    assert agent.poll() is None
    machine.world.always["rebalance"] = 422
    machine.world.metadata[REBALANCE] = json.dumps({"noticeTime": NOTICED})
    machine.until(2, "rebalance")
    machine.world.metadata[INTERRUPTION] = json.dumps({"action": "terminate", "time": AT})
    machine.until(1, "interrupt")
    assert not machine.powered_off
