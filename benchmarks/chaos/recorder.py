"""The recorder: containers send it a line when they start and one when they end."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

#: bytes of one line
LONGEST = 1024
#: seconds that a container may take to send it
PATIENCE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a container said."""

    at: datetime
    #: the address that it came from
    address: str
    #: the client's number of the job
    number: int
    attempt: int
    #: made anew by each process that a container is started with
    run: str
    #: the container
    host: str
    what: str
    #: of a line about the end
    code: int | None = None

    @classmethod
    def read(cls, text: str, address: str, at: datetime) -> Line:
        """Read it as it was sent.

        Raises:
            ValueError: it is no such line.
        """
        number, attempt, run, host, what, *rest = text.split()
        return cls(
            at=at,
            address=address,
            number=int(number),
            attempt=int(attempt),
            run=run,
            host=host,
            what=what,
            code=int(rest[0]) if rest else None,
        )


class Recorder(socketserver.ThreadingTCPServer):
    """Appends each line to a file, and keeps it.

    Args:
        host: an address of this machine that containers reach.
        file: where lines are kept as they came, with time and address before them.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, file: Path) -> None:
        super().__init__((host, 0), _Visitor)
        self.lines: list[Line] = []
        self._file = file
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server_address[1]

    def keep(self, text: str, address: str) -> None:
        """Keep a line; the same one, sent again because its way out was not seen, is kept once."""
        at = datetime.now(UTC)
        with self._lock:
            with self._file.open("a") as file:
                file.write(f"{at.isoformat()} {address} {text}\n")
            try:
                line = Line.read(text, address, at)
            except ValueError:
                # somebody else's; it stands in the file
                return
            if not any(_is_same(line, one) for one in self.lines):
                self.lines.append(line)


def _is_same(one: Line, other: Line) -> bool:
    return (one.run, one.what) == (other.run, other.what)


class _Visitor(socketserver.StreamRequestHandler):
    timeout = PATIENCE

    def handle(self) -> None:
        text = self.rfile.readline(LONGEST).decode(errors="replace").strip()
        # nothing: it only looked whether somebody is here
        if text:
            cast("Recorder", self.server).keep(text, str(self.client_address[0]))


@contextmanager
def recording(host: str, file: Path) -> Iterator[Recorder]:
    """Listen until the context is left."""
    with Recorder(host, file) as recorder:
        thread = threading.Thread(target=recorder.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield recorder
        finally:
            recorder.shutdown()
            thread.join()


__all__ = ["Line", "Recorder", "recording"]
