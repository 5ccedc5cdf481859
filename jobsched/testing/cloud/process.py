"""The keeper as a process of its own, which takes everything away when it ends."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jobsched.testing.cloud.event import Event
from jobsched.testing.cloud.trouble import CannotRun, NoEngine

#: seconds that taking everything away may take
PATIENCE: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What the keeper tells when it is ready."""

    #: name of the cloud
    cloud: str
    folder: Path
    #: the range of the default VPC
    addresses: str
    gateway: str


class Process:
    """A running keeper.

    Args:
        image: that machines boot from.
        images: for the machines' own engines.
        mode: how they boot, `systemd` or `light`.
        tell: is told each event, by a thread of this.

    Raises:
        CannotRun: it did not start.
    """

    def __init__(
        self, image: str, images: Iterable[str], mode: str, tell: Callable[[Event], None]
    ) -> None:
        command = [sys.executable, "-m", "jobsched.testing.cloud", "--image", image]
        command += ["--mode", mode, "--images", *images]
        self._tell = tell
        # A session of its own: Ctrl-C in a terminal must not reach it.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            self.ready = self._first_line()
        except BaseException:
            self.stop()
            raise
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Give the process' number."""
        return self._process.pid

    def wait(self) -> None:
        """Return when it has ended."""
        self._process.wait()

    def follow(self, url: str) -> None:
        """Let it follow the fake at an address."""
        assert self._process.stdin is not None  # noqa: S101  # it was asked for
        self._process.stdin.write(f"{url}\n")
        self._process.stdin.flush()

    def stop(self) -> bool:
        """End it; say whether it has taken everything away. May be repeated."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._close_input()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if hasattr(self, "_reader"):
            self._reader.join(PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return self._process.returncode == 0

    def _close_input(self) -> None:
        assert self._process.stdin is not None  # noqa: S101  # as above
        # It may have ended by itself, with a line still to be written.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def _first_line(self) -> Ready:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise CannotRun("the keeper of the machines did not start; its words stand above")
        told = json.loads(line)
        if "error" in told:
            raise (NoEngine if told["no_engine"] else CannotRun)(told["error"])
        return Ready(**told | {"folder": Path(told["folder"])})

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  # as above
        for line in self._process.stdout:
            told: dict[str, Any] = json.loads(line)
            self._tell(Event.read(told))


__all__ = ["Process", "Ready"]
