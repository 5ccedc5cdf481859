"""Ending a wait that blocks another thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Let(Exception):
    """The reader was let go: nobody wants the rest."""


class Leash:
    """Ties a thread that waits for an engine to somebody who may pull it back, from any thread."""

    #: The leash that each thread is on.
    _worn = threading.local()

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[socket.socket] = set()
        self._pulled = False

    @property
    def pulled(self) -> bool:
        """Whether the thread should end."""
        return self._pulled

    @contextmanager
    def worn(self) -> Iterator[None]:
        """Put this thread on the leash: whatever breaks once it was pulled raises ``Let``."""
        self._worn.leash = self
        try:
            yield
        except Exception as error:
            if self._pulled:
                raise Let from error
            raise
        finally:
            self._worn.leash = None
            with self._lock:
                # The connections may be used for something else from now on.
                self._waiting.clear()

    def hold(self, waiting: socket.socket) -> None:
        """Take a socket that the thread is about to wait for.

        Raises:
            Let: it was pulled already.
        """
        with self._lock:
            if self._pulled:
                raise Let
            self._waiting.add(waiting)

    @classmethod
    def wait(cls, waiting: socket.socket) -> None:
        """Tell the leash that this thread is on, if any, for which socket it will wait."""
        leash: Leash | None = getattr(cls._worn, "leash", None)
        if leash is not None:
            leash.hold(waiting)

    def pull(self) -> None:
        """Make the wait end at once. May be repeated."""
        with self._lock:
            self._pulled = True
            for waiting in self._waiting:
                # Closing from here would free what the other thread reads from; a shut-down socket
                # just ends. Past the TLS layer: that would go on in plain text.
                with suppress(OSError):
                    socket.socket.shutdown(waiting, socket.SHUT_RD)


__all__ = ["Leash", "Let"]
