"""Runs one command and writes to disk how it started and ended: ``python -I shim.py FOLDER``.

It stands alone (standard library only) and outlives the worker that called it. The caller gets one
of the exit codes below as soon as the command runs; a second process stays behind for its end.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

#: Exit codes: the command runs · the container's one start was taken before · no such command.
STARTED, REFUSED, START_FAILED = 0, 3, 4
#: An exit code of our own: the process that should run the command died before it could.
DIED = 5

#: How often the end is written again, a second apart, while the disk is full.
TRIES = 60


def main(folder: str) -> int:
    """Start the command of the folder; return once it runs, or cannot."""
    # From here on all names are relative, so the folder may be renamed or removed meanwhile.
    os.chdir(folder)
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        answer = os.read(told, 1)
        return answer[0] if answer else DIED
    os.close(told)
    _stay(tell)
    os._exit(0)


def _stay(tell: int) -> None:
    # Handlers, not SIG_IGN: the command would inherit that. Whoever ends all processes of a service
    # ends the command too, and its end shall be written down.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    os.setsid()
    if not _take_start():
        os.write(tell, bytes([REFUSED]))
        return
    started_at = _now()
    try:
        child = _spawn()
    except (OSError, ValueError) as error:
        code = 127 if isinstance(error, FileNotFoundError) else 126
        end = {"start_failed": True, "code": code, "message": _reason(error)}
        _write("exit.json", {**end, "started_at": started_at, "finished_at": _now()})
        os.write(tell, bytes([START_FAILED]))
        return
    _write("started.json", {"pid": child.pid, "started_at": started_at})
    os.write(tell, bytes([STARTED]))
    os.close(tell)
    code = _wait(child)
    _write("exit.json", {"code": code, "started_at": started_at, "finished_at": _now()})


def _take_start() -> bool:
    """Take the one start of this container, against every other start and against a withdrawal."""
    name = f"granted.{os.getpid()}"
    start = {"by": "start", "pid": os.getpid(), "birth": _birth(), "boot": _boot()}
    try:
        put(name, start)
        # A link fails where there is one already, and what it shows is whole.
        os.link(name, "granted.json")
    except OSError:
        return False
    finally:
        with suppress(OSError):
            Path(name).unlink()
    return True


def _spawn() -> subprocess.Popen[bytes]:
    spec = json.loads(Path("spec.json").read_bytes())
    # The environment holds secrets: they leave the disk before the command can look for them.
    Path("spec.json").unlink()
    output = os.open("output", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            spec["command"],
            env=spec["environment"],
            cwd="work",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A group of its own to send signals to, in this session, which tells who is left.
            process_group=0,
        )
    finally:
        os.close(output)


def _wait(child: subprocess.Popen[bytes]) -> int:
    if hasattr(os, "waitid"):
        # Its number stays taken until it is reaped, so the group that is ended is surely its own.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        _end_group(child.pid)
        code = child.wait()
    else:
        code = child.wait()
        _end_group(child.pid)
    return code if code >= 0 else 128 - code


def _end_group(group: int) -> None:
    """End what the command left running, as the end of a container would."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _write(name: str, content: dict[str, object]) -> None:
    for _ in range(TRIES):
        try:
            put(f"{name}.new", content)
            Path(f"{name}.new").replace(name)
        except FileNotFoundError:
            # The folder was removed: nobody asks any more.
            return
        except OSError:
            time.sleep(1)
        else:
            return


def put(name: str, content: dict[str, object]) -> None:
    """Write JSON that only this user may read, and see it safely on the disk."""
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())


def _birth() -> str:
    """When this process began, in the kernel's ticks: with its number it names it for good."""
    try:
        stat = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror}: {os.fsdecode(error.filename)}"
    return str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
