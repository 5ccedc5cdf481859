"""For plugin authors and for us: fakes, virtual time, conformance suites, a small simulator.

The suites need pytest, which is the author's own; nothing else here does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobsched.testing.conformance.callback import CallbackActionConformance
    from jobsched.testing.conformance.log_store import LogStoreConformance
    from jobsched.testing.conformance.planner import PlannerConformance
    from jobsched.testing.conformance.provider import ProviderConformance
    from jobsched.testing.conformance.runner import RunnerConformance

#: suite → its module
_SUITES = {
    "CallbackActionConformance": "callback",
    "LogStoreConformance": "log_store",
    "PlannerConformance": "planner",
    "ProviderConformance": "provider",
    "RunnerConformance": "runner",
}


def __getattr__(name: str) -> Any:
    if name not in _SUITES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.conformance.{_SUITES[name]}")
    return getattr(module, name)


__all__ = [
    "CallbackActionConformance",
    "LogStoreConformance",
    "PlannerConformance",
    "ProviderConformance",
    "RunnerConformance",
]
