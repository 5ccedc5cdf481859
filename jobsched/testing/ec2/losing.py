"""Answers that come late or never: slow calls, connections that end, calls that hang."""

from __future__ import annotations

import socket
import time
from typing import Any

from jobsched.testing.ec2.call import Call
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.switches import use_up


class Lost(ConnectionError):
    """The connection has ended; there is nobody to answer."""


def before(cloud: Cloud, call: Call) -> None:
    """Let a call wait, or its connection end before it has done anything."""
    with cloud.lock:
        seconds = cloud.switches.slow.get(call.operation, cloud.switches.slow.get("*", 0))
        is_lost = use_up(cloud.switches.lose_before, call.operation)
    if seconds:
        time.sleep(seconds)
    if is_lost:
        end(call.request.environ)


def after(cloud: Cloud, call: Call) -> None:
    """Let a connection end, or hang, after the call has done what it does."""
    with cloud.lock:
        is_lost = use_up(cloud.switches.lose_after, call.operation)
        hang = cloud.switches.hang
        hangs = use_up(hang, call.operation)
        # Another value of the switch is another dictionary, even if it is equal.
        while hangs and cloud.switches.hang is hang:
            cloud.lock.wait()
    if is_lost or hangs:
        end(call.request.environ)


def end(environ: dict[str, Any]) -> None:
    """End the connection of a request.

    Raises:
        Lost: always; the server then writes no answer.
    """
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise Lost


__all__ = ["Lost", "after", "before", "end"]
