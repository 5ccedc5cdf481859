"""A report of plugins as documents, the same for the API and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jobsched import JOBSCHED_API
from jobsched.hooks.report import BrokenPlugin, LoadReport, Origin
from jobsched.schemas.plugins import PluginDocument

_SCHEMA = PluginDocument()


def documents(report: LoadReport) -> list[dict[str, Any]]:
    """Give one for each plugin: loaded, broken, not named, in this order."""
    broken: dict[str, list[BrokenPlugin]] = {}
    for one in report.broken:
        broken.setdefault(one.name, []).append(one)
    return [
        *(
            _document(
                report,
                loaded.name,
                "loaded",
                hooks=loaded.hooks,
                sections=loaded.sections,
                brings=loaded.brings,
            )
            for loaded in report.loaded
        ),
        *(
            _document(report, name, "broken", hook=found[0].hook or None, reason=_reason(found))
            for name, found in broken.items()
        ),
        *(_document(report, name, "not named") for name in report.unused),
    ]


def _document(report: LoadReport, name: str, status: str, **more: Any) -> dict[str, Any]:
    origin = report.origins.get(name, Origin())
    told: dict[str, Any] = _SCHEMA.dump(
        {
            "name": name,
            "status": status,
            "distribution": origin.distribution or None,
            "version": origin.version or None,
            "module": origin.module or None,
            "file": origin.file or None,
            "api": origin.api,
            "api_here": JOBSCHED_API,
            "hooks": (),
            "sections": (),
            "brings": {},
            "hook": None,
            "reason": None,
            **more,
        }
    )
    return told


def _reason(found: Sequence[BrokenPlugin]) -> str:
    """Give the sentence; of several, each after the first with its hook."""
    first, *others = found
    return "; ".join([first.reason, *(f"{one.hook}: {one.reason}" for one in others)])


__all__ = ["documents"]
