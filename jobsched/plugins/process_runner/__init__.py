"""The runner ``process_runner``: jobs as plain processes. NO ISOLATION: for development only.

A job sees and may change all that the worker's user may: its files, its network, its processes,
the environment of other jobs. Nothing limits its memory or its output. A process of it that leaves
its session (``setsid``) outlives it. For where there is no Docker Engine and every job is yours.
"""

from __future__ import annotations

from jobsched import hookimpl
from jobsched.contracts.runner import Runner
from jobsched.contracts.services import Services
from jobsched.plugins.process_runner.runner import ProcessRunner

#: The version of the plugin API that this was written for.
JOBSCHED_API = 1


@hookimpl
def jobsched_runners(services: Services) -> list[Runner]:
    """Bring the runner; it says loudly what it does not do when it is first used."""
    return [ProcessRunner(services)]


__all__ = ["JOBSCHED_API", "ProcessRunner", "jobsched_runners"]
