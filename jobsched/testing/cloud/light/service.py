"""Running a service: its process is started, watched, started again, and told to end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from .unit import Unit, command, load, variables

STATE = Path("/run/local-cloud")
#: seconds that a service has to become ready, and to end
STARTS_WITHIN = 60
ENDS_WITHIN = 10
#: the first descriptor of sockets that are passed on (sd_listen_fds)
FIRST = 3
AWAY = 100
#: what services have, whatever whoever starts them has
PLAIN = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def is_active(name: str) -> bool:
    """Whether a unit runs, or has run and remains."""
    return (STATE / f"{name}.active").exists() or _pid(name) is not None


def supervise(unit: Unit) -> bool:
    """Run a service in the background; say whether it is ready."""
    readable, writable = os.pipe()
    if os.fork() == 0:
        os.close(readable)
        _detach(unit.name)
        Supervisor(unit, writable).run()
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as told:
        return told.read(1) == b"1"


def run_once(unit: Unit) -> bool:
    """Run a service of the type `oneshot`; say whether it has done what it does."""
    own = variables(unit)
    done = all(
        _ran(line, own)
        for key in ("ExecStartPre", "ExecStart", "ExecStartPost")
        for line in unit.all(f"Service.{key}")
    )
    if done and unit.one("Service.RemainAfterExit") in {"yes", "true", "1"}:
        (STATE / f"{unit.name}.active").touch()
    return done


def end(name: str) -> None:
    """End a unit; return when it has ended."""
    (STATE / f"{name}.active").unlink(missing_ok=True)
    pid = _pid(name)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + ENDS_WITHIN + 2
    while _pid(name) is not None and time.monotonic() < deadline:
        time.sleep(0.01)


class Supervisor:
    """Runs in a process of its own beside the service.

    Args:
        unit: of the service.
        told: a descriptor; `1` is written there when the service is ready, and it is closed.
    """

    def __init__(self, unit: Unit, told: int) -> None:
        self._unit = unit
        self._told: int | None = told
        self._variables = variables(unit)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ending = False
        self._sockets: list[socket.socket] = []
        signal.signal(signal.SIGTERM, self._end)

    def run(self) -> None:
        """Run the service until it is told to end, or ends and is not to be started again."""
        (STATE / f"{self._unit.name}.pid").write_text(str(os.getpid()))
        try:
            self._sockets = _sockets(self._unit.name)
            while not self._is_ending:
                code = self._run_once()
                again = self._unit.one("Service.Restart", "no")
                if again != "always" and (code == 0 or again == "no"):
                    break
                self._answer(ready=False)
                self._pause()
        finally:
            (STATE / f"{self._unit.name}.pid").unlink(missing_ok=True)

    def _run_once(self) -> int:
        for line in self._unit.all("Service.ExecStartPre"):
            if not _ran(line, self._variables):
                return 1
        words, _ = command(self._unit.one("Service.ExecStart"), self._variables)
        waits = self._unit.one("Service.Type") == "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hears:
            path = STATE / f"{self._unit.name}.notify"
            path.unlink(missing_ok=True)
            hears.bind(str(path))
            self._process = self._spawned(words, str(path))
            if not waits or _heard(hears, self._process):
                after = self._unit.all("Service.ExecStartPost")
                self._answer(ready=all(_ran(line, self._variables) for line in after))
            return self._process.wait()

    def _spawned(self, words: list[str], notify: str) -> subprocess.Popen[bytes]:
        own = {**PLAIN, **self._variables, "NOTIFY_SOCKET": notify}
        numbers = [one.fileno() for one in self._sockets]

        def pass_on() -> None:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            # Copied out of the way first: one of them may be where another one belongs.
            away = [
                os.dup2(number, AWAY + place, inheritable=False)
                for place, number in enumerate(numbers)
            ]
            for place, number in enumerate(away):
                os.dup2(number, FIRST + place)

        if not numbers:
            return subprocess.Popen(words, env=own, start_new_session=True)
        own["LISTEN_FDS"] = str(len(numbers))
        # The number of the process is known in the process only.
        line = ["/bin/sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh", *words]
        return subprocess.Popen(
            line,
            env=own,
            start_new_session=True,
            preexec_fn=pass_on,  # noqa: PLW1509  # there are no threads here
            close_fds=False,
        )

    def _answer(self, *, ready: bool) -> None:
        if self._told is not None:
            if ready:
                os.write(self._told, b"1")
            os.close(self._told)
            self._told = None

    def _pause(self) -> None:
        seconds = self._unit.one("Service.RestartSec", "0.1").removesuffix("s")
        deadline = time.monotonic() + float(seconds)
        while not self._is_ending and time.monotonic() < deadline:
            time.sleep(0.05)

    def _end(self, _: int, __: FrameType | None) -> None:
        self._is_ending = True
        if self._process is None:
            return
        # Containers outlive their engine: KillMode=process.
        only = self._unit.one("Service.KillMode") == "process"
        _kill(self._process.pid, signal.SIGTERM, group=not only)
        deadline = time.monotonic() + ENDS_WITHIN
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        _kill(self._process.pid, signal.SIGKILL, group=not only)


def _detach(name: str) -> None:
    os.setsid()
    log = os.open(f"/var/log/{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open("/dev/null", os.O_RDONLY)
    for number, place in ((null, 0), (log, 1), (log, 2)):
        os.dup2(number, place)


def _sockets(name: str) -> list[socket.socket]:
    """Bind what the socket unit of a service names, if that is active."""
    unit = load(name.replace(".service", ".socket"))
    if not is_active(unit.name):
        return []
    return [_bound(word, unit) for word in unit.words("Socket.ListenStream")]


def _bound(word: str, unit: Unit) -> socket.socket:
    if word.startswith("/"):
        Path(word).unlink(missing_ok=True)
        one = socket.socket(socket.AF_UNIX)
        one.bind(word)
        Path(word).chmod(int(unit.one("Socket.SocketMode", "0666"), 8))
    else:
        host, _, port = word.rpartition(":")
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((host or "0.0.0.0", int(port)))  # noqa: S104  # what the unit says
    one.listen(128)
    one.set_inheritable(True)  # its only argument
    return one


def _heard(hears: socket.socket, process: subprocess.Popen[bytes]) -> bool:
    """Wait until a service tells that it is ready; False: it ended, or took too long."""
    deadline = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        if select.select([hears], [], [], 0.05)[0] and b"READY=1" in hears.recv(4096).split(b"\n"):
            return True
    return False


def _ran(line: str, own: dict[str, str]) -> bool:
    words, counts = command(line, own)
    code = subprocess.run(words, env={**PLAIN, **own}, check=False).returncode
    if code:
        print(f"{words} ended with {code}", file=sys.stderr)  # noqa: T201  # into its log
    return code == 0 or not counts


def _kill(pid: int, number: signal.Signals, *, group: bool) -> None:
    with contextlib.suppress(ProcessLookupError):
        (os.killpg if group else os.kill)(pid, number)


def _pid(name: str) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        pid = int((STATE / f"{name}.pid").read_text())
        os.kill(pid, 0)
        return pid
    return None


__all__ = ["STATE", "end", "is_active", "run_once", "supervise"]
