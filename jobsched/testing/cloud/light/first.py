"""The first process of a light machine: it runs the user data as cloud-init does, and buries."""

from __future__ import annotations

import contextlib
import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from . import control, service

SEED = Path("/var/lib/cloud/seed/nocloud/user-data")
INSTANCE = Path("/var/lib/cloud/instance")
OUTPUT = Path("/var/log/cloud-init-output.log")
#: what `reboot` ends a container of systemd with
REBOOT = 129
TOLD = ["curl", "--silent", "--max-time", "5", "--request", "POST"]
BOOTED = "http://169.254.169.254/local-cloud/booted"


def main() -> None:
    """Boot, and bury whoever dies, until the machine is told to end."""
    signal.signal(signal.SIGUSR1, _end)
    signal.signal(signal.SIGUSR2, _end)
    service.STATE.mkdir(parents=True, exist_ok=True)
    subprocess.Popen([*TOLD, BOOTED], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if INSTANCE.exists():
        _boot_again()
    else:
        _run_user_data()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            time.sleep(0.2)


def _run_user_data() -> None:
    (INSTANCE / "scripts").mkdir(parents=True)
    raw = SEED.read_bytes() if SEED.exists() else b""
    (INSTANCE / "user-data.txt").write_bytes(raw)
    script = INSTANCE / "scripts/part-001"
    script.write_bytes(gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw)
    script.chmod(0o700)
    if not script.read_bytes().startswith(b"#!"):
        print("a light machine runs scripts only: the user data begins with no #!")  # noqa: T201
        return
    # Whoever looks at the console sees it too.
    line = f'"{script}" 2>&1 | tee -a {OUTPUT}'
    subprocess.Popen(["/bin/sh", "-c", line], stdin=subprocess.DEVNULL, cwd="/")


def _boot_again() -> None:
    """Start what is enabled."""
    for state in service.STATE.iterdir():
        state.unlink()
    for kind in ("sockets", "timers", "multi-user"):
        for link in sorted((control.UNITS / f"{kind}.target.wants").glob("*")):
            if not link.name.startswith("cloud-") and os.fork() == 0:
                with contextlib.suppress(Exception):
                    control.start(link.name)
                os._exit(0)


def _end(number: int, _: FrameType | None) -> None:
    print("Powering off." if number == signal.SIGUSR1 else "Rebooting.", flush=True)  # noqa: T201
    os._exit(0 if number == signal.SIGUSR1 else REBOOT)


def begin(words: list[str]) -> None:
    """Be the first process, or one of systemd's commands."""
    name, *rest = words
    if Path(name).name == "local-cloud-light":
        main()
    sys.exit(control.main(name, rest))


__all__ = ["begin"]
