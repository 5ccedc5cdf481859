"""A process of the deployment that is started again whenever it has ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["api", "worker", "redis"]
#: seconds that a process may take to end once it was killed
ENDS_WITHIN = 10


@dataclass(slots=True, kw_only=True)
class Actor:
    """One place of the deployment, and the process that stands there now."""

    name: str
    kind: Kind
    command: Sequence[str]
    variables: Mapping[str, str]
    #: where each of its processes has a log of its own
    folder: Path
    #: seconds from its process' end to the next start, asked for each time anew
    pause: float = 0
    #: how often it was started
    starts: int = 0
    is_paused: bool = False
    process: subprocess.Popen[bytes] | None = None
    _again_at: float = field(default=0, repr=False)

    @property
    def is_there(self) -> bool:
        """Whether it runs, paused or not."""
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> Path:
        """The log of its latest process."""
        return self.folder / f"{self.name}.{self.starts:04}.log"

    def start(self) -> None:
        """Start it."""
        self.starts += 1
        self.is_paused = False
        with self.log.open("wb") as log:
            # a session of its own: Ctrl-C in a terminal is for this benchmark, which ends it
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=dict(self.variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, pause: float = 0) -> None:
        """End it as a crash does; it is started again after some seconds."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(ENDS_WITHIN)
        self._again_at = time.monotonic() + pause
        self.is_paused = False

    def stop(self) -> None:
        """Let it stand still (SIGSTOP)."""
        self._signal(signal.SIGSTOP)
        self.is_paused = True

    def go_on(self) -> None:
        """Let it go on (SIGCONT); nothing if it was killed meanwhile."""
        self._signal(signal.SIGCONT)
        self.is_paused = False

    def supervise(self) -> bool:
        """Start it again if it has ended and its time has come; say whether that was so."""
        if self.is_there or time.monotonic() < self._again_at:
            return False
        self.start()
        return True

    def said(self, event: str) -> dict[str, str] | None:
        """Give the first line of its latest log with this event."""
        with suppress(FileNotFoundError):
            for line in self.log.read_text(errors="replace").splitlines():
                if f'"{event}"' in line:
                    with suppress(ValueError):
                        return dict(json.loads(line))
        return None

    def _signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, number)


__all__ = ["Actor", "Kind"]
