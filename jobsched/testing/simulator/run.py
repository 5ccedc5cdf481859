"""Many worlds, one after the other or several at a time: in the same order in any case."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from jobsched import log
from jobsched.testing.simulator.result import Result, result
from jobsched.testing.simulator.world import Setting

World = tuple[int, Setting]


def worlds(jobs: int, seed: int, setting: Setting) -> Iterator[World]:
    """Share jobs among worlds: each world has the next seed, the last one what is left."""
    while jobs > 0:
        yield seed, replace(setting, jobs=min(setting.jobs, jobs))
        seed, jobs = seed + 1, jobs - setting.jobs


def simulate(
    of: Sequence[World], *, processes: int = 1, with_history: bool = False
) -> Generator[Result, None, None]:
    """Let worlds happen, and give what came of each, in their order.

    Args:
        of: seed and setting of each.
        processes: so many happen at a time, each in a process of its own; 1: all of them here.
        with_history: keep all that happened in each.

    Raises:
        BrokenProcessPool: one of the processes was killed.
    """
    processes = min(processes, len(of))
    if processes <= 1:
        for seed, setting in of:
            yield result(seed, setting, with_history=with_history)
        return
    with _pool(processes) as pool:
        with _deaf():
            coming = deque(pool.submit(result, *one, with_history=with_history) for one in of)
        while coming:
            yield coming.popleft().result()


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Have processes that begin with nothing of this one, and none of them for longer."""
    others = set(multiprocessing.active_children())
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn, initializer=_begin) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for mine in set(multiprocessing.active_children()) - others:
                mine.terminate()
            raise


@contextmanager
def _deaf() -> Iterator[None]:
    """Let processes that are begun here never hear of Ctrl-C, which has them ended by this one."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _begin() -> None:
    """Begin a process, which ends with the one that began it."""
    log.configure()
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


__all__ = ["World", "simulate", "worlds"]
