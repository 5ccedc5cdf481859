"""A callback action: a machine tells how full its disk is, and ``GET /status`` shows it."""

from __future__ import annotations

from jobsched import hookimpl
from jobsched.contracts.callback import CallbackAction
from jobsched_disk_usage.action import DiskUsage


@hookimpl
def jobsched_callback_actions() -> list[CallbackAction]:
    """Bring the one action."""
    return [DiskUsage()]
