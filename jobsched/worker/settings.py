"""arq's settings, the same for its own CLI and for ``jobsched worker``.

arq reads the class' own ``__dict__`` and ignores what it does not know, so everything is put on the
class itself, and a test compares it with the worker's parameters.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from datetime import timedelta
from typing import Any, cast

from arq import cron, func

from jobsched import bootstrap, log
from jobsched.config import Config
from jobsched.queue import ADVANCE, QUEUE, from_bytes, settings_of, to_bytes
from jobsched.services import RandomIds
from jobsched.worker import tasks
from jobsched.worker.dispatch import Pace
from jobsched.worker.working import working

#: of one task: arq re-runs the task of a killed worker only after this and ten seconds
TASK_TIMEOUT = timedelta(seconds=60)
#: seconds that its tasks are waited for at a signal, where they take the steps of jobs
LEAVE = 20
#: tasks at one time; with the dispatch loop switched off, also jobs at one time
TASKS = 100


def arq_options(config: Config, url: str) -> dict[str, Any]:
    """Give the parameters of ``arq.Worker``, without start-up and shutdown."""
    every = max(1, int(config.section("worker")["sweep_every"].total_seconds()))
    return {
        "functions": [
            func(cast("Any", tasks.advance), name=ADVANCE, keep_result=0, timeout=TASK_TIMEOUT)
        ],
        "cron_jobs": [
            _chore(tasks.sweep, set(range(0, 60, every))),
            _chore(tasks.reconcile, {5, 35}),
            _chore(tasks.prune, {15}),
            _chore(tasks.reap, {50}),
        ],
        "redis_settings": settings_of(url),
        "queue_name": QUEUE,
        "job_serializer": to_bytes,
        "job_deserializer": from_bytes,
        "keep_result": 0,
        "job_timeout": TASK_TIMEOUT,
        "max_jobs": TASKS,
        "max_tries": 3,
        "health_check_interval": 10,
        "log_results": False,
        # its own command line cancels tasks at a signal, and those hold the steps in hand here
        "job_completion_wait": LEAVE if config.value("dispatch") == "arq" else 0,
    }


def _chore(work: Any, second: set[int]) -> Any:
    return cron(work, second=second, timeout=TASK_TIMEOUT, keep_result=0, max_tries=1)


def pace_of(config: Config) -> Pace:
    """Read how much this worker takes on."""
    section = config.section("worker")
    lease: timedelta = section["lease"]
    return Pace(hands=section["hands"], claim=section["claim"], lease=lease, renew=lease / 3)


def worker_settings() -> type:
    """Make the class for arq's own CLI, from the environment and the configuration file."""
    config = bootstrap.configure()
    # arq connects before it calls on_startup: a server of this machine's own must be there by then
    stack = contextlib.AsyncExitStack()
    url = asyncio.run(bootstrap.store_url(config, stack))
    options = arq_options(config, url)
    started = _started(config, stack)
    return type("WorkerSettings", (), {**options, "on_startup": started, "on_shutdown": _stopped})


def _started(config: Config, stack: contextlib.AsyncExitStack) -> Any:
    async def on_startup(context: dict[str, Any]) -> None:
        # arq configures logging after it has imported these settings
        log.configure()
        context["stack"] = stack
        name = RandomIds().holder()
        parts, plugins = await stack.enter_async_context(bootstrap.parts(config, worker=name))
        with_loop = config.value("dispatch") == "loop"
        at_work = await stack.enter_async_context(
            working(parts, plugins, pace_of(config), with_loop=with_loop)
        )
        context[tasks.WORKING] = at_work
        at_work.loop.add_done_callback(_end_process)

    return on_startup


async def _stopped(context: dict[str, Any]) -> None:
    at_work = context.get(tasks.WORKING)
    if at_work is not None:
        at_work.loop.remove_done_callback(_end_process)
    stack: contextlib.AsyncExitStack | None = context.get("stack")
    if stack is not None:
        await stack.aclose()


def _end_process(loop: asyncio.Task[None]) -> None:
    """A worker without its dispatch loop is none: end, so that a supervisor starts another."""
    log.get(__name__).critical("dispatch.died", error=repr(loop.exception()))
    os.kill(os.getpid(), signal.SIGTERM)


__all__ = ["arq_options", "pace_of", "worker_settings"]
