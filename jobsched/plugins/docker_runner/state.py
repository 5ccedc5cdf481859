"""What an engine's description of a container means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jobsched.contracts.runner import ContainerStatus

#: The engine's errors quote commands, which may be long.
LONGEST_MESSAGE = 500


#: What a shell calls the end by SIGKILL.
KILLED = 137
#: On a busy machine the engine misses the cause of some: its event comes after the end.
MAYBE_MEMORY = "killed; it may have wanted more memory than its limit: the engine does not say"


def status(state: Mapping[str, Any], memory_limit: int = 0) -> ContainerStatus:
    """Read the ``State`` of an inspect.

    Args:
        state: as the engine gives it.
        memory_limit: of the container, in bytes; 0: it has none.
    """
    code, message = state.get("ExitCode"), (state.get("Error") or "")[:LONGEST_MESSAGE]
    started, finished = moment(state.get("StartedAt")), moment(state.get("FinishedAt"))
    match state.get("Status"):
        case "running" | "paused" | "restarting":
            return ContainerStatus(phase="running", started_at=started)
        case "created" if not code and not message:
            return ContainerStatus(phase="created")
        case "created":
            return ContainerStatus(phase="start_failed", code=code, message=message)
        case "exited" | "dead" | "removing" if started is not None and finished is not None:
            return ContainerStatus(
                phase="exited",
                code=code,
                oom=bool(state.get("OOMKilled")),
                started_at=started,
                # The engine notes the start of a very short run after its end.
                finished_at=max(started, finished),
                message=message or _why(state, memory_limit),
            )
        case "exited" if started is None:
            return ContainerStatus(phase="start_failed", code=code, message=message)
        case "dead" | "removing" if started is None:
            # Half removed and never started: it never will be.
            return ContainerStatus(phase="gone", message="the container is being removed")
        case other:
            return ContainerStatus(
                phase="unknown", message=f"the engine calls the container {other}"
            )


def _why(state: Mapping[str, Any], memory_limit: int) -> str:
    is_told = state.get("OOMKilled") or state.get("ExitCode") != KILLED
    return "" if is_told or not memory_limit else MAYBE_MEMORY


def moment(text: str | None) -> datetime | None:
    """Read a time of the engine; its year 1 means never."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(text)


__all__ = ["moment", "status"]
