"""Who is alive, and who belongs to a session."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jobsched.plugins.process_runner import processes
from jobsched.plugins.process_runner.processes import Session

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells births")


@pytest.fixture
def leader() -> Iterator[subprocess.Popen[bytes]]:
    """A shell that leads a session with one more process in it."""
    command = ["sh", "-c", "sleep 60 & echo; wait"]
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        os.killpg(process.pid, signal.SIGKILL)


def session_of(leader: subprocess.Popen[bytes]) -> Session:
    """What a shim would have written down."""
    found = processes.find(leader.pid)
    assert found is not None
    return Session(number=leader.pid, birth=found.birth, boot=processes.boot_id())


def test_a_session_is_led_while_its_leader_lives(leader: subprocess.Popen[bytes]) -> None:
    """A leader that ended does not lead, not even before its parent has asked for its code."""
    session = session_of(leader)
    assert processes.is_led(session)

    leader.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, leader.pid, os.WEXITED | os.WNOWAIT)

    assert not processes.is_led(session)
    assert len(processes.members(session)) == 1


def test_members_are_all_but_the_leader(leader: subprocess.Popen[bytes]) -> None:
    """The members of a session are told without its leader, and without this process."""
    (member,) = processes.members(session_of(leader))

    assert member not in {leader.pid, os.getpid()}


@LINUX
def test_a_number_that_is_used_again_is_somebody_else(leader: subprocess.Popen[bytes]) -> None:
    """The same number with another birth, or in another boot, is not who was written down."""
    session = session_of(leader)

    for other in (replace(session, birth="1"), replace(session, boot="an earlier boot")):
        assert not processes.is_led(other)
        assert processes.members(other) == []


def test_signals_reach_whoever_is_left(leader: subprocess.Popen[bytes]) -> None:
    """A process that is gone meanwhile keeps nobody else from getting the signal."""
    gone = subprocess.Popen(["true"])
    gone.wait()

    processes.send([gone.pid, leader.pid], signal.SIGKILL)

    assert leader.wait(5) == -signal.SIGKILL


@LINUX
def test_a_name_with_brackets_does_not_confuse(tmp_path: Path) -> None:
    """A program may have any name; its state is read all the same."""
    program = tmp_path / "a) Z 1 (b"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "60"], start_new_session=True) as process:
        try:
            time.sleep(0.05)
            found = processes.find(process.pid)
            assert found is not None
            assert found.session == process.pid
        finally:
            process.kill()


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps: install procps")
def test_without_proc_the_numbers_have_to_do(
    leader: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where there is no /proc, ps tells who is alive and in which session."""
    monkeypatch.setattr(processes, "PROC", tmp_path)
    session = Session(number=leader.pid, birth="", boot="")

    assert processes.is_led(session)
    assert len(processes.members(session)) == 1
    assert processes.boot_id() == ""
