"""What runs on this machine: who is alive, who belongs to a session, and how a session is ended.

Numbers of processes are used again, so a process is named by its number and its birth (the kernel's
ticks since boot). Where the system does not tell births (macOS), the number alone has to do.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
#: Fields of /proc/PID/stat after the name in brackets (proc_pid_stat(5), counted from 0).
STATE, SESSION, BIRTH = 0, 3, 19
DEAD = "ZXx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The session of a shim: everything that the command started and that did not leave it."""

    #: the shim's number, which is the session's
    number: int
    #: the shim's birth; empty where the system does not tell
    birth: str
    #: the boot of the machine in which it began; empty where the system does not tell
    boot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process that is alive."""

    number: int
    session: int
    birth: str


def is_led(session: Session) -> bool:
    """Whether the shim is alive."""
    if session.boot != boot_id():
        return False
    leader = find(session.number)
    return leader is not None and leader.birth == session.birth


def members(session: Session) -> list[int]:
    """Give the numbers of the session's living processes, its shim apart."""
    if session.boot != boot_id():
        return []
    everyone = list(processes())
    # A session's number is not used again while it has members: with another birth, all are gone.
    if any(one.number == session.number and one.birth != session.birth for one in everyone):
        return []
    return [
        one.number
        for one in everyone
        if one.session == session.number and one.number != session.number
    ]


def send(numbers: list[int], signal_number: int) -> None:
    """Send a signal to each; who is gone meanwhile does not matter."""
    for number in numbers:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(number, signal_number)


def boot_id() -> str:
    """Give the id of this boot of the machine; empty where the system does not tell."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def find(number: int) -> Process | None:
    """Look for a living process by its number."""
    if _proc_is_there():
        return _look(number)
    return next((one for one in listed_by_ps() if one.number == number), None)


def processes() -> Iterator[Process]:
    """Give every living process that may be seen."""
    if not _proc_is_there():
        yield from listed_by_ps()
        return
    for entry in PROC.iterdir():
        if entry.name.isdecimal() and (found := _look(int(entry.name))) is not None:
            yield found


def listed_by_ps() -> Iterator[Process]:
    """Give every living process where there is no /proc; their births stay empty."""
    listing = subprocess.run(
        ["ps", "-axo", "pid=,state="],  # noqa: S607 - its place differs between systems
        capture_output=True,
        text=True,
        check=True,
    )
    for line in listing.stdout.splitlines():
        number, state = line.split()[:2]
        with suppress(OSError):
            if state[0] not in DEAD:
                yield Process(number=int(number), session=os.getsid(int(number)), birth="")


def _proc_is_there() -> bool:
    return (PROC / "self/stat").exists()


def _look(number: int) -> Process | None:
    try:
        return _parse(number, (PROC / str(number) / "stat").read_bytes())
    except OSError:
        return None


def _parse(number: int, stat: bytes) -> Process | None:
    # The name may hold anything, brackets and spaces too: the last bracket ends it.
    fields = stat.rpartition(b")")[2].decode("ascii").split()
    if fields[STATE] in DEAD:
        return None
    return Process(number=number, session=int(fields[SESSION]), birth=fields[BIRTH])


__all__ = ["Process", "Session", "boot_id", "find", "is_led", "members", "processes", "send"]
