"""A careful client: posts, cancels and looks, and repeats each until it is answered."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from benchmarks.chaos.book import Page
from jobsched.client import Client

#: requests on their way at one time
TOGETHER = 12
#: seconds
AGAIN, LOOK_AGAIN = 0.25, 2.0
#: of so many jobs one is posted again although it was acknowledged
REPEATED = 8

Step = Callable[[Client], bool]


class Customer:
    """Works through its pages in threads of its own.

    Args:
        pages: the jobs, in the order of their posts.
        apis: any of them answers for all.
        begun: `time.monotonic` at the begin of the run.
    """

    def __init__(self, pages: Sequence[Page], apis: Sequence[Client], begun: float) -> None:
        self.pages = pages
        self._apis = itertools.cycle(apis)
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._lock = threading.Lock()
        self._errors: list[BaseException] = []
        self._pool = ThreadPoolExecutor(TOGETHER, thread_name_prefix="customer")
        for page in pages:
            self._at(begun + page.script.post_at, self._posting(page))

    def work(self) -> None:
        """Begin what has come due; returns at once. Raises what a thread of it has raised."""
        for error in self._errors:
            raise error
        with self._lock:
            while self._agenda and self._agenda[0][0] <= time.monotonic():
                _, _, action = heapq.heappop(self._agenda)
                self._pool.submit(action).add_done_callback(self._ended)

    @property
    def open(self) -> list[Page]:
        """Jobs that were not yet seen to end."""
        return [page for page in self.pages if not page.is_settled]

    def close(self) -> None:
        """Begin nothing more, and wait for the answers that are on their way."""
        self._pool.shutdown(cancel_futures=True)

    def _posting(self, page: Page) -> Callable[[], None]:
        def acknowledged() -> None:
            if page.script.number % REPEATED == 0:
                self._again(page.post, _nothing, AGAIN)
            if page.script.cancel_after is not None:
                wanted = _since(page) + page.script.cancel_after
                self._at(time.monotonic() + wanted, self._step(page.cancel, _nothing, AGAIN))
            self._at(time.monotonic() + max(_since(page), 0) + LOOK_AGAIN, look)

        look = self._step(page.look, _nothing, LOOK_AGAIN)
        return self._step(page.post, acknowledged, AGAIN)

    def _again(self, step: Step, then: Callable[[], None], pause: float) -> None:
        self._at(time.monotonic() + pause, self._step(step, then, pause))

    def _step(self, step: Step, then: Callable[[], None], pause: float) -> Callable[[], None]:
        def take() -> None:
            if step(next(self._apis)):
                then()
            else:
                self._again(step, then, pause)

        return take

    def _at(self, moment: float, action: Callable[[], None]) -> None:
        with self._lock:
            heapq.heappush(self._agenda, (moment, next(self._count), action))

    def _ended(self, future: Future[None]) -> None:
        if not future.cancelled() and (error := future.exception()):
            self._errors.append(error)


def _since(page: Page) -> float:
    """Give the seconds until the job's time."""
    return ((page.schedule or datetime.now(UTC)) - datetime.now(UTC)) / timedelta(seconds=1)


def _nothing() -> None:
    """Want nothing more."""


@contextmanager
def customer(pages: Sequence[Page], apis: Sequence[Client], begun: float) -> Iterator[Customer]:
    """Have one, until the context is left."""
    made = Customer(pages, apis, begun)
    try:
        yield made
    finally:
        made.close()


__all__ = ["Customer", "customer"]
