"""For plugin authors and for us: fakes, virtual time, conformance suites, a small simulator.

The suites and fixtures need pytest, which is the author's own; nothing else here does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobsched.testing.clock import FakeClock
    from jobsched.testing.conformance.callback import CallbackActionConformance
    from jobsched.testing.conformance.check import CheckConformance
    from jobsched.testing.conformance.log_store import LogStoreConformance
    from jobsched.testing.conformance.planner import PlannerConformance
    from jobsched.testing.conformance.provider import ProviderConformance
    from jobsched.testing.conformance.runner import RunnerConformance
    from jobsched.testing.fakes import FakeProvider, FakeRunner, FakeWorld
    from jobsched.testing.ran import Ran
    from jobsched.testing.run_job import RunJob
    from jobsched.testing.services import LentServices
    from jobsched.testing.story import JobDidNotEnd, PluginRaised

#: what an author imports → its module, which is loaded when it is asked for
_HOMES = {
    "CallbackActionConformance": "conformance.callback",
    "CheckConformance": "conformance.check",
    "FakeClock": "clock",
    "FakeProvider": "fakes",
    "FakeRunner": "fakes",
    "FakeWorld": "fakes",
    "JobDidNotEnd": "story",
    "LentServices": "services",
    "LogStoreConformance": "conformance.log_store",
    "PlannerConformance": "conformance.planner",
    "PluginRaised": "story",
    "ProviderConformance": "conformance.provider",
    "Ran": "ran",
    "RunJob": "run_job",
    "RunnerConformance": "conformance.runner",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    return getattr(module, name)


__all__ = [
    "CallbackActionConformance",
    "CheckConformance",
    "FakeClock",
    "FakeProvider",
    "FakeRunner",
    "FakeWorld",
    "JobDidNotEnd",
    "LentServices",
    "LogStoreConformance",
    "PlannerConformance",
    "PluginRaised",
    "ProviderConformance",
    "Ran",
    "RunJob",
    "RunnerConformance",
]
