"""``jobsched worker``: arq and the dispatch loop in one process that outlives Redis."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

from arq import Worker

from jobsched import bootstrap, log
from jobsched.config import Config
from jobsched.engine.parts import Parts
from jobsched.errors import JobschedError
from jobsched.hooks.load import Plugins
from jobsched.queue import UNREACHABLE
from jobsched.services import RandomIds
from jobsched.worker import tasks
from jobsched.worker.settings import arq_options, pace_of
from jobsched.worker.working import Working, working

_log = log.get(__name__)

#: pause before arq's worker is built anew
AGAIN = 1.0


def run_worker(config: Config) -> int:
    """Work until SIGTERM or SIGINT; give the exit code: 1 if the dispatch loop died."""
    return asyncio.run(_run(config))


async def _run(config: Config) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    name = RandomIds().holder()
    async with (
        bootstrap.parts(config, worker=name) as (parts, plugins),
        worker_running(parts, plugins, config) as died,
    ):
        _log.info("worker.started", worker=name)
        stopping = asyncio.ensure_future(stop.wait())
        done, _ = await asyncio.wait({stopping, died}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
    _log.info("worker.stopped", worker=name)
    return 1 if died in done else 0


@contextlib.asynccontextmanager
async def worker_running(
    parts: Parts, plugins: Plugins, config: Config
) -> AsyncIterator[asyncio.Task[None]]:
    """Work in the running loop; gives the dispatch loop, whose end is the worker's.

    Leaving finishes the steps in hand and takes at most 30 seconds.
    """
    with_loop = config.value("dispatch") == "loop"
    async with working(parts, plugins, pace_of(config), with_loop=with_loop) as at_work:
        queue = asyncio.ensure_future(_serve_queue(at_work, config))
        try:
            yield at_work.loop
        finally:
            # first: with dispatch by arq its tasks hold the steps in hand, which are let end
            await at_work.leave()
            queue.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await queue


async def _serve_queue(at_work: Working, config: Config) -> None:
    """Run arq's worker; it exits after seconds without Redis, and is built anew."""
    options = arq_options(config, at_work.parts.store_url)
    while True:
        worker = Worker(**options, handle_signals=False, ctx={tasks.WORKING: at_work})
        try:
            await worker.async_run()
        except (*UNREACHABLE, JobschedError) as error:
            _log.warning("queue.unavailable", error=str(error))
        except Exception:  # noqa: BLE001 - logged with its traceback, and begun anew
            # without chores no machine is swept and nothing is pruned: never for ever
            _log.exception("queue.failed")
        finally:
            await _close(worker)
        await asyncio.sleep(AGAIN)


async def _close(worker: Worker) -> None:
    try:
        await worker.close()
    except (*UNREACHABLE, asyncio.CancelledError) as error:
        _log.debug("queue.closed", error=repr(error))
        # it did not come to its own connections
        with contextlib.suppress(*UNREACHABLE):
            await worker.pool.aclose(close_connection_pool=True)


__all__ = ["run_worker", "worker_running"]
