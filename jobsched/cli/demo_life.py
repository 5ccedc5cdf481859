"""The lives of a demo's machines: how many seconds each part took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from jobsched.client import Document

#: part of a life → what begins it and what ends it, in a launch of ``GET /status/{id}``
PARTS = {
    "launch": ("begun_at", "provisioned_at"),
    "boot": ("provisioned_at", "ready_at"),
    "ready": ("ready_at", "started_at"),
    "running": ("started_at", "ended_at"),
    "finishing": ("ended_at", "terminated_at"),
    "gone": ("terminated_at", "gone_at"),
}
NAMES = ("machine", "job", "attempt", *PARTS)


def lives(jobs: Sequence[Document]) -> Iterator[dict[str, Any]]:
    """Give each machine's life, in seconds; None for a part that it did not have."""
    for job in jobs:
        for attempt in job["attempts"]:
            for launch in attempt["launches"]:
                times = _times(launch)
                parts = {
                    part: _between(times[begin], times[end]) for part, (begin, end) in PARTS.items()
                }
                about = {"machine": launch["instance_id"], "job": job["name"]}
                yield {**about, "attempt": attempt["no"], **parts}


def row(life: Mapping[str, Any]) -> tuple[str, ...]:
    """Give a life as a line of a table."""
    seconds = (life[part] for part in PARTS)
    shown = ("" if one is None else f"{one:.1f} s" for one in seconds)
    return life["machine"] or "", life["job"], str(life["attempt"]), *shown


def _times(launch: dict[str, Any]) -> dict[str, datetime | None]:
    started = next((one["started_at"] for one in launch["containers"] if one["started_at"]), None)
    # the sweep may see it gone before the answer to its end is written down
    terminated = launch["terminated_at"] or launch["gone_at"]
    found = {**launch, "started_at": started, "terminated_at": terminated}
    names = {name for pair in PARTS.values() for name in pair}
    return {name: datetime.fromisoformat(found[name]) if found[name] else None for name in names}


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    if begin is None or end is None:
        return None
    return round((end - begin).total_seconds(), 1)


__all__ = ["NAMES", "lives", "row"]
