"""What the core lends to plugins, and to itself: time, identity, tasks, threads, settings."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

from jobsched.contracts.planner import History

P = ParamSpec("P")
T = TypeVar("T")


class Clock(Protocol):
    """Time. In production that of the store; in the simulator a virtual one."""

    def now(self) -> datetime:
        """Give the store's time, aware, in UTC.

        Example:
            >>> clock.now()
            datetime.datetime(2026, 11, 25, 12, 0, tzinfo=datetime.timezone.utc)
        """
        ...

    def monotonic(self) -> float:
        """Give seconds that never go back, for time-outs.

        Example:
            >>> begun = clock.monotonic()
            >>> clock.monotonic() - begun >= 0
            True
        """
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds.

        Example:
            >>> async def a_little_later(self):
            ...     await self.services.clock.sleep(0.5)
        """
        ...


class Ids(Protocol):
    """Randomness."""

    def job(self) -> str:
        """Give a new job id: 32 letters and digits.

        Example:
            >>> len(ids.job())
            32
        """
        ...

    def holder(self) -> str:
        """Give a new name for a worker that holds leases.

        Example:
            >>> ids.holder() != ids.holder()
            True
        """
        ...


class Pool(Protocol):
    """A bounded set of threads for calls that block."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function in a thread of this pool and give its result.

        Waits for a free thread. A caller that is cancelled does not stop a call that has begun: it
        keeps its thread until it returns.

        Raises:
            Anything: what the function raises.

        Example:
            >>> async def find(self, token):
            ...     return await self.threads.run(self.session.look_up, token)
        """
        ...


class Task(Protocol):
    """Something that was spawned."""

    def cancel(self) -> object:
        """Ask it to end.

        Example:
            >>> def stop_watching(self):
            ...     self.watching.cancel()
        """
        ...


class Spawn(Protocol):
    """Tasks and threads."""

    def task(self, work: Coroutine[Any, Any, None], *, name: str) -> Task:
        """Run it beside the caller; a failure is logged. Ended at shutdown.

        Example:
            >>> async def jobsched_startup(services):
            ...     services.spawn.task(watch_prices(), name="acme.prices")
        """
        ...

    def pool(self, name: str, threads: int) -> Pool:
        """Make a bounded set of threads; ended at shutdown.

        Example:
            >>> def __init__(self, services):
            ...     self.threads = services.spawn.pool("acme", 4)
        """
        ...


class Log(Protocol):
    """A structured log: event names are ``noun.verbed``."""

    def debug(self, event: str, **fields: Any) -> object:
        """Say what only a developer asks for.

        Example:
            >>> log.debug("page.read", page=3)
        """
        ...

    def info(self, event: str, **fields: Any) -> object:
        """Say what happened.

        Example:
            >>> log.info("price.changed", zone="a", usd_per_hour=0.031)
        """
        ...

    def warning(self, event: str, **fields: Any) -> object:
        """Say what an operator may want to look at.

        Example:
            >>> log.warning("quota.near", used=19, of=20)
        """
        ...

    def error(self, event: str, **fields: Any) -> object:
        """Say what an operator must look at.

        Example:
            >>> log.error("credential.expired", name="acme")
        """
        ...

    def exception(self, event: str, **fields: Any) -> object:
        """Say that there is a bug, with its traceback.

        Example:
            >>> log.exception("price.unreadable", zone="a")
        """
        ...


class Services(Protocol):
    """What a plugin gets besides its own section of the configuration.

    Example:
        >>> class AcmeCloud:
        ...     def __init__(self, services):
        ...         self.log, self.clock = services.log, services.clock
        ...         self.threads = services.spawn.pool("acme", 4)
        ...         self.folder = services.data_dir / "acme"
        ...         self.tags = {"jobsched-deployment": services.deployment}
    """

    @property
    def clock(self) -> Clock:
        """The store's time."""
        ...

    @property
    def ids(self) -> Ids:
        """Randomness."""
        ...

    @property
    def spawn(self) -> Spawn:
        """Tasks and threads."""
        ...

    @property
    def log(self) -> Log:
        """The structured log."""
        ...

    @property
    def history(self) -> History:
        """How long machines took to boot."""
        ...

    @property
    def deployment(self) -> str:
        """The deployment's id: what tags and labels carry."""
        ...

    @property
    def data_dir(self) -> Path:
        """Where this machine keeps jobsched's files."""
        ...

    @property
    def ca_dir(self) -> Path:
        """The folder of the deployment's certificates: its authority's and its workers'.

        ``ca-cert.pem`` is what a machine trusts; ``client-cert.pem`` and ``client-key.pem`` are
        what a worker shows to it. ``jobsched init`` makes them.
        """
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """The whole configuration, section by section, secrets masked."""
        ...


__all__ = ["Clock", "Ids", "Log", "Pool", "Services", "Spawn", "Task"]
