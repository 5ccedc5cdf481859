"""The arq worker: ``arq jobsched.worker.WorkerSettings``, or ``jobsched worker``."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Make ``WorkerSettings`` when asked for: it needs the configuration, an import does not."""
    if name != "WorkerSettings":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from jobsched.worker.settings import worker_settings  # noqa: PLC0415 - reads the configuration

    return worker_settings()


__all__ = ["WorkerSettings"]
