"""A job's document for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from jobsched.cli import ending
from jobsched.client import Document
from jobsched.schemas import duration


def lines(document: Document) -> Iterator[str]:
    """Give the lines: what was asked, how it stands, each attempt, and the timeline."""
    for name, value in _fields(document):
        if value not in (None, "", []):
            yield f"{name:<12}{value}"
    attempts = document.get("attempts") or []
    if attempts:
        yield from ("", "attempts")
        for attempt in attempts:
            yield f"  {attempt['no']}  {_attempt(document, attempt)}"
    timeline = document.get("timeline") or []
    if timeline:
        yield from ("", "timeline, seen from the job's schedule")
        for event in timeline:
            yield f"  {_event(document, event)}".rstrip()


def lateness(document: Document) -> str:
    """Say how long after its schedule the last attempt's container started; empty if none did."""
    at = started_at((document.get("attempts") or [{}])[-1])
    return _since(document["schedule"], at) if at else ""


def seconds_late(document: Document) -> float | None:
    """Give the same in seconds; None if none started."""
    at = started_at((document.get("attempts") or [{}])[-1])
    return (_time(at) - _time(document["schedule"])).total_seconds() if at else None


def started_at(attempt: Document) -> str | None:
    """Give when the container of an attempt started."""
    tries = [one for launch in attempt.get("launches", []) for one in launch["containers"]]
    found = [one["started_at"] for one in tries if one["started_at"] and not one["not_started_at"]]
    return str(found[-1]) if found else None


def _fields(document: Document) -> Iterator[tuple[str, Any]]:
    asked = document.get("docker") or {}
    machine = _section(document, ("aws", document.get("provider")), "instance_id")
    container = _section(document, ("docker", document.get("runner")), "container_id")
    yield "id", document["id"]
    yield "name", document.get("name")
    yield "status", ending.standing(document)
    yield "schedule", document["schedule"]
    yield "image", asked.get("docker_image")
    yield "command", asked.get("command")
    for entry in asked.get("environment") or []:
        yield "environment", entry
    for key, value in (document.get("labels") or {}).items():
        yield "label", f"{key}={value}"
    yield "exit code", ending.exit_code(document)
    yield "machine", _join(document.get("provider"), machine, "instance_id", "state", "ip_address")
    yield "container", _join(document.get("runner"), container, "container_id", "container_status")
    worker = (document.get("arq") or {}).get("worker")
    yield "worker", worker


def _section(document: Document, names: Sequence[Any], key: str) -> Document:
    """Give the section that somebody has filled: each provider and runner names its own."""
    sections = [document.get(name) for name in names if name]
    sections += [value for value in document.values() if isinstance(value, dict)]
    return next((one for one in sections if one and one.get(key)), {})


def _join(first: Any, section: Document, *names: str) -> str:
    return ", ".join(str(value) for value in (first, *map(section.get, names)) if value)


def _attempt(document: Document, attempt: Document) -> str:
    at, outcome = started_at(attempt), attempt.get("outcome")
    begun = "under way" if attempt.get("launches") else "planned"
    found = [outcome["reason"] if outcome else begun]
    if outcome and outcome["code"] is not None:
        found.append(f"exit code {outcome['code']}")
    if at:
        found.append(f"started at {_since(document['schedule'], at)}")
    if at and outcome:
        found.append(f"ran {duration.human(_time(outcome['at']) - _time(at))}")
    if machines := len(attempt.get("launches", [])):
        found.append("1 machine" if machines == 1 else f"{machines} machines")
    if attempt.get("refusals"):
        found.append(f"{attempt['refusals']} offers refused")
    return ", ".join(found)


def _event(document: Document, event: Document) -> str:
    place = "".join(f" {name} {event[name]}" for name in ("attempt", "launch") if event.get(name))
    since = _since(document["schedule"], event["at"])
    return f"{since:>14}  {event['event']:<16}{place:<20} {event.get('detail', '')}"


def _since(schedule: str, at: str) -> str:
    passed = _time(at) - _time(schedule)
    return duration.human(passed) if passed.total_seconds() < 0 else f"+{duration.human(passed)}"


def _time(said: str) -> datetime:
    return datetime.fromisoformat(said)


__all__ = ["lateness", "lines", "seconds_late", "started_at"]
