"""A plugin's document for people."""

from __future__ import annotations

from collections.abc import Iterator

from jobsched.cli.table import Block
from jobsched.client import Document

#: what plugins bring → the word for one of it
ONE = {
    "providers": "provider",
    "runners": "runner",
    "planners": "planner",
    "log_stores": "log store",
    "actions": "callback action",
    "routes": "route",
    "checks": "check",
    "commands": "command",
}


def block(document: Document) -> Block:
    """Give its name, how it stands, and what is known of it."""
    first, *lines = _lines(document)
    return Block(
        name=document["name"], status=document["status"], head=first[1], lines=tuple(lines)
    )


def _lines(document: Document) -> Iterator[tuple[str, str]]:
    if document["status"] == "not named":
        # a file of plugins_dir is no distribution's
        yield "", _made(document) or document["file"] or ""
        return
    is_read = document["api"] is not None or document["status"] == "loaded"
    yield "", ", ".join(filter(None, [_made(document), is_read and _api(document)]))
    if document["reason"]:
        hook = document["hook"]
        yield "why", f"{hook}: {document['reason']}" if hook else document["reason"]
    for kind, names in document["brings"].items():
        yield ONE.get(kind, kind), ", ".join(names)
    if document["hooks"]:
        yield "hooks", ", ".join(document["hooks"])
    if document["sections"]:
        yield "config", ", ".join(f"[{name}]" for name in document["sections"])
    if where := document["file"] or document["module"]:
        yield "file" if document["file"] else "module", where


def _made(document: Document) -> str:
    return " ".join(filter(None, [document["distribution"], document["version"]]))


def _api(document: Document) -> str:
    written, here = document["api"], document["api_here"]
    said = "JOBSCHED_API not said" if written is None else f"JOBSCHED_API {written}"
    return said if written == here else f"{said} (here {here})"


__all__ = ["ONE", "block"]
