"""A timer that goes off at one time, as the end of a machine's time does."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime

from .service import STATE
from .unit import Unit


def wait(unit: Unit, start: Callable[[str], bool]) -> bool:
    """Wait in the background, then start what the timer is for; say whether it can be."""
    at = when(unit.one("Timer.OnCalendar"))
    if at is None:
        return False
    wanted = unit.one("Timer.Unit", unit.name.replace(".timer", ".service"))
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        (STATE / f"{unit.name}.pid").write_text(str(os.getpid()))
        # The clock may be set meanwhile: it is looked at again and again.
        while (left := at - time.time()) > 0:
            time.sleep(min(left, 1))
        start(wanted)
        os._exit(0)
    return True


def when(written: str) -> float | None:
    """Read one point of time, with a zone or in UTC; None: something that comes again."""
    for form in ("%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S"):
        try:
            found = datetime.strptime(written, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return found.timestamp()
    return None


__all__ = ["wait", "when"]
