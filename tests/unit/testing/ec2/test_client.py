"""The fake EC2 as a test and a person hold it: started, told, asked, ended."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from jobsched.testing.ec2 import FakeEc2, process
from tests.unit.testing.ec2.asking import fleet, launched


def _asked(url: str, path: str, body: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request("POST" if body else "GET", path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _get(url: str) -> bytes:
    return _asked(url, "/_fake/machines")[1]


def _answers(url: str) -> bool:
    try:
        return bool(_get(url))
    except (ConnectionError, http.client.HTTPException):
        return False


def test_it_forgets_everything(fake: FakeEc2, ec2: Any) -> None:
    """After a reset there is no machine, disk, token, template, call or switch left."""
    asked = fleet(ec2, ClientToken="t")
    launched(ec2, **asked)
    fake.switch(dry=["*"])
    fake.advance(10)
    fake.reset()

    assert fake.machines() == []
    assert fake.volumes() == []
    assert fake.calls == {}
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert launched(ec2, **fleet(ec2, ClientToken="t"))


def test_calls_and_their_parameters_are_kept(fake: FakeEc2, ec2: Any, clients: Any) -> None:
    """The fake counts the calls of every service, and keeps what they asked, as boto3 names it."""
    asked = fleet(ec2, ClientToken="t")
    before = fake.calls
    ec2.create_fleet(**asked)
    clients["ssm"].get_parameters(Names=["a"])
    ec2.describe_spot_price_history(StartTime=datetime(2026, 1, 1, tzinfo=UTC))

    seen = {"CreateFleet": 1, "DescribeSpotPriceHistory": 1, "GetParameters": 1}
    assert fake.calls - before == seen
    (history,) = fake.requests("DescribeSpotPriceHistory")
    assert history["StartTime"].startswith("2026-01-01")
    assert fake.requests("CreateFleet") == [asked]
    assert fake.requests("GetParameters") == [{"Names": ["a"]}]


@pytest.mark.parametrize("values", [{"dri": ["*"]}, {"dry": "spot/*"}, {"pending_seconds": "1"}])
def test_a_wrong_switch_is_refused(fake: FakeEc2, values: dict[str, Any]) -> None:
    """A misspelt switch, or a value of another kind, changes nothing and is told so."""
    with pytest.raises(ValueError, match=next(iter(values))):
        fake.switch(leave_volumes=True, **values)

    with pytest.raises(ValueError, match="true"):
        fake.switch(leave_volumes="true")


def test_an_unknown_machine_is_told(fake: FakeEc2) -> None:
    """Whoever boots or looks at a machine that never was is told so."""
    with pytest.raises(KeyError, match="i-nothing"):
        fake.boot("i-nothing")
    with pytest.raises(KeyError, match="i-nothing"):
        fake.machine("i-nothing")


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("/_fake/nothing", None, 404, "nothing"),
        ("/_fake/machines/i-x/boot", "{}", 404, "i-x"),
        ("/_fake/switches", "{nonsense", 400, "property name"),
        ("/", None, 403, "signature"),
    ],
)
def test_a_person_is_told_what_is_wrong(
    fake: FakeEc2, path: str, body: str | None, status: int, word: str
) -> None:
    """A mistake in what is typed is answered in JSON, with what is wrong."""
    seen, said = _asked(fake.url, path, body)

    assert seen == status
    assert word in said.decode()


def test_the_clock_does_not_go_back(fake: FakeEc2) -> None:
    """Time goes on only."""
    with pytest.raises(ValueError, match="never back"):
        fake.advance(-1)


def test_many_launch_at_once(fake: FakeEc2, ec2: Any) -> None:
    """Of many calls at the same time each token has one machine, with an address of its own."""
    asked = fleet(ec2)
    with ThreadPoolExecutor(8) as threads:
        tokens = [f"t{number % 10}" for number in range(40)]
        ids = list(threads.map(lambda one: launched(ec2, **asked, ClientToken=one), tokens))

    assert len(set(ids)) == len(fake.machines()) == 10
    assert len({one.ip_address for one in fake.machines()}) == 10


def test_an_sdk_finds_it_by_the_environment(
    fake: FakeEc2, ec2: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the variables of `environment` boto3 needs to be told nothing."""
    for name, value in fake.environment.items():
        monkeypatch.setenv(name, value)
    machine = launched(ec2)

    seen = boto3.Session().client("ec2").describe_instances()
    assert seen["Reservations"][0]["Instances"][0]["InstanceId"] == machine


def test_it_runs_only_inside_of_with() -> None:
    """A fake that was not started has no address."""
    with pytest.raises(RuntimeError, match="does not run"):
        _ = FakeEc2().url


def test_without_moto_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where moto is missing, one sentence says how to get it."""
    monkeypatch.setattr(process, "find_spec", lambda _: None)
    with pytest.raises(RuntimeError, match="fake-ec2"), FakeEc2():
        pass


def test_two_know_nothing_of_each_other(fake: FakeEc2, ec2: Any) -> None:
    """Another fake, of another region, has an account of its own, and is gone after its block."""
    machine = launched(ec2)
    with FakeEc2(region="eu-west-1") as other:
        assert other.machines() == []
        assert other.environment["AWS_REGION"] == "eu-west-1"
        url = other.url
    with pytest.raises(ConnectionRefusedError):
        _get(url)

    assert fake.alive() == [machine]


def test_it_ends_with_whoever_started_it() -> None:
    """Where the process that started it is killed, the fake ends by itself."""
    text = """
import os, signal
from jobsched.testing.ec2 import FakeEc2
with FakeEc2() as ec2:
    print(ec2.url, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", text]
    killed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)

    assert killed.returncode == -signal.SIGKILL
    while _answers(killed.stdout.strip()):
        pass


def test_it_is_for_a_person_too() -> None:
    """`python -m jobsched.testing.ec2` prints the variables and examples, and ends by Ctrl-C."""
    command = [sys.executable, "-u", "-m", "jobsched.testing.ec2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as person:
        try:
            assert person.stdout is not None
            lines = []
            for line in person.stdout:
                lines.append(line)
                if "Ctrl-C" in line:
                    break
            url = lines[0].split(" answers at ")[1].split(". For")[0]
            assert _get(url) == b"[]"
            os.kill(person.pid, signal.SIGINT)
            assert "ended" in person.stdout.read()
        finally:
            # one that does not listen must not be waited for
            if sys.exc_info()[0]:
                person.kill()

    assert person.returncode == 0
    said = "".join(lines)
    assert f"export AWS_ENDPOINT_URL={url}" in said
    assert f"curl -s {url}/_fake/switches -d " in said


def test_ctrl_c_in_a_terminal_is_not_for_the_server(fake: FakeEc2) -> None:
    """It is in no process group of whoever started it, who may still give machines back by it."""
    assert fake.alive() == []
    listed = subprocess.run(
        ["ps", "-o", "pgid=,args=", "--ppid", str(os.getpid())],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    groups = [int(one.split()[0]) for one in listed.splitlines() if "testing.ec2" in one]
    assert groups
    assert os.getpgrp() not in groups
