"""A machine that was taken away, or might have been, as ``GET /status/{id}`` tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jobsched.domain.job import Launch, Notice
from jobsched.schemas.field import instant


def interruption_of(launch: Launch) -> dict[str, Any] | None:
    """Tell what was said of a launch's machine, and what was done since; None: nothing was said.

    ``seconds`` count from the notice (of the interruption; of the risk, where there was no more),
    and are null for what was not done, or was done before.
    """
    since = launch.interrupted_at or launch.at_risk_at
    if since is None:
        return None
    notice = launch.notice if launch.interrupted_at else launch.risk_notice
    return {
        "noticed_at": _time(launch.interrupted_at),
        "deadline": _time(launch.interrupted_until),
        "what": launch.interruption or None,
        "at_risk_at": _time(launch.at_risk_at),
        "warning_failed": (notice.failure or None) if notice else None,
        "seconds": {name: _seconds(since, at) for name, at in _steps(launch, notice).items()},
    }


def _steps(launch: Launch, notice: Notice | None) -> dict[str, datetime | None]:
    is_told = notice is not None and not notice.failure
    steps = {
        "stopping": launch.stopping_at,
        "warned": notice.at if notice and is_told else None,
        "ended": launch.ending.at if launch.ending else None,
        "logs": launch.logs_at,
        "gone": launch.gone_at,
    }
    # a risk is the cause of nothing but a warning
    return steps if launch.interrupted_at else {**dict.fromkeys(steps), "warned": steps["warned"]}


def _seconds(since: datetime, at: datetime | None) -> float | None:
    if at is None or at < since:
        return None
    return round((at - since).total_seconds(), 3)


def _time(at: datetime | None) -> str | None:
    return instant(at) if at else None


__all__ = ["interruption_of"]
