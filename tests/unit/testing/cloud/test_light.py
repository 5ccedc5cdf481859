"""The light machine's unit files and times, as systemd reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobsched.testing.cloud.light import timer, unit

SERVICE = """\
# a comment
[Unit]
Requires=docker.socket
Wants=network-online.target containerd.service
[Service]
Type=notify
EnvironmentFile=-/etc/default/docker
ExecStart=/usr/sbin/dockerd -H fd:// \\
  $OPTIONS
; another one
Restart=always
"""


@pytest.fixture(name="top")
def make_top(tmp_path: Path) -> Path:
    """Give the folder of a machine with one service."""
    for path, text in {
        "usr/lib/systemd/system/docker.service": SERVICE,
        "etc/systemd/system/docker.service.d/b.conf": "[Service]\nRestart=no\n",
        "etc/systemd/system/docker.service.d/a.conf": "[Service]\nRestart=on-failure\n",
        "etc/default/docker": 'OPTIONS="--debug --tls"\n# no\n',
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_a_unit_is_read_with_its_drop_ins(top: Path) -> None:
    """Drop-ins come after the unit, in the order of their names; a line may go on."""
    found = unit.load("docker", top)
    assert (found.name, found.exists, found.is_masked) == ("docker.service", True, False)
    assert found.words("Unit.Wants") == ["network-online.target", "containerd.service"]
    assert found.one("Service.Restart") == "no"
    assert found.all("Service.ExecStart") == ["/usr/sbin/dockerd -H fd:// $OPTIONS"]


def test_an_empty_value_forgets_those_before(top: Path) -> None:
    """As systemd does with a list."""
    path = top / "etc/systemd/system/docker.service.d/c.conf"
    path.write_text("[Service]\nExecStart=\nExecStart=/bin/true\n")
    assert unit.load("docker", top).all("Service.ExecStart") == ["/bin/true"]


def test_what_is_not_there_and_what_is_masked(top: Path) -> None:
    """Neither can be started; the one in /etc counts."""
    assert not unit.load("ecs", top).exists
    (top / "etc/systemd/system/docker.service").symlink_to("/dev/null")
    assert unit.load("docker", top).is_masked


def test_words_of_a_command(top: Path) -> None:
    """Variables are put in as systemd does; `-` lets a failure not count."""
    own = unit.variables(unit.load("docker", top), top)
    line = unit.load("docker", top).one("Service.ExecStart")
    words = ["/usr/sbin/dockerd", "-H", "fd://", "--debug", "--tls"]
    assert unit.command(line, own) == (words, True)
    shell = "-/bin/sh -c 'a=1; echo $$a ${OPTIONS}'"
    assert unit.command(shell, own) == (["/bin/sh", "-c", "a=1; echo $a --debug --tls"], False)


def test_one_point_of_time_is_waited_for() -> None:
    """With a zone or as ISO 8601; what comes again is nothing for a light machine."""
    expected = 1_796_054_400.0
    assert timer.when("2026-11-30 16:00:00 UTC") == expected
    assert timer.when("2026-11-30T16:00:00Z") == expected
    assert timer.when("daily") is None
