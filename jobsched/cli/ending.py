"""How a job stands and how it ended, in a few words and as an exit code."""

from __future__ import annotations

from typing import Any

from jobsched.cli.failure import CANCELLED, FAILED, TIMED_OUT
from jobsched.client import Document

ENDED = frozenset({"finished", "failed", "cancelled"})


def code_of(document: Document) -> int:
    """Give the exit code for a job that has ended."""
    if document["status"] == "finished":
        return 0
    if document["status"] == "cancelled":
        return CANCELLED
    return TIMED_OUT if document.get("reason") == "timeout" else FAILED


def standing(document: Document) -> str:
    """Say how a job stands, and why: `failed: exited, exit code 3`."""
    found = [*_why(document)]
    return f"{document['status']}: {', '.join(found)}" if found else str(document["status"])


def exit_code(document: Document) -> int | None:
    """Give the exit code of the container, where there is one."""
    outcome: Any = attempts[-1]["outcome"] if (attempts := document.get("attempts")) else None
    code = outcome["code"] if outcome else None
    return code if isinstance(code, int) else None


def _why(document: Document) -> list[str]:
    status, reason = document["status"], document.get("reason")
    found: list[str] = []
    if status == "scheduled" and not reason:
        found.append(f"for {document['schedule']}")
    if reason and reason != status:
        found.append(f"the last attempt ended: {reason}" if status not in _TELLS else reason)
    if (code := exit_code(document)) is not None and code != 0:
        found.append(f"exit code {code}")
    if status in _TELLS and document.get("message"):
        found.append(document["message"])
    if document.get("cancel_requested") and status not in ENDED:
        found.append("a cancel was asked for")
    if (halted := document.get("halted")) and status in _WAITS:
        said = halted["message"] or halted["reason"]
        found.append(f"its provider {document['provider']} is halted ({said})")
    if trouble := document.get("trouble"):
        said = trouble["message"] or trouble["reason"]
        found.append(f"{trouble['command']} does not work yet ({said}), tried {trouble['times']}x")
    return found


#: States in which `reason` is that of the job's (coming) end.
_TELLS = ENDED | {"finishing"}
#: States in which a machine may still have to be asked for.
_WAITS = frozenset({"scheduled", "provisioning"})


__all__ = ["ENDED", "code_of", "exit_code", "standing"]
