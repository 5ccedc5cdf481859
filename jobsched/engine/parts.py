"""What the verbs work with; put together in ``bootstrap`` or by the simulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from jobsched.contracts.order import Credential
from jobsched.contracts.runner import Runner
from jobsched.contracts.services import Services
from jobsched.domain.job import Access, JobId, Limits
from jobsched.hooks.registry import Registry
from jobsched.store.port import Store


class Secrets(Protocol):
    """Secrets, looked up by name at the moment of use."""

    def value(self, name: str) -> str:
        """Give a secret; raise ``OperationFailed("credentials", then="fail")`` if there is none."""
        ...

    def credential(self, name: str) -> Credential:
        """Give a configured registry credential; raise the same."""
        ...

    def token(self, job: JobId, attempt: int, launch: int) -> str:
        """Give the launch token: HMAC-SHA256 of the deployment's secret, 64 hexadecimal digits."""
        ...

    def callback_token(self, job: JobId, attempt: int, launch: int) -> str:
        """Give the bearer token of the launch's machine: HMAC, another label than `token`."""
        ...


class Chores(Protocol):
    """Work that may be repeated or lost without harm, handed to arq."""

    async def advance_later(self, job: JobId, at: datetime) -> None:
        """Ask for one step of a job at a time (only where dispatch is done by arq alone)."""
        ...


JOB_DEFAULTS: Mapping[str, timedelta] = {
    "timeout": timedelta(hours=1),
    "grace": timedelta(seconds=10),
    "late_limit": timedelta(hours=24),
}


def _unwatched(runner: Runner, access: Access) -> bool:
    del runner, access
    return False


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything a verb may use."""

    store: Store
    registry: Registry
    services: Services
    secrets: Secrets
    #: limits that new jobs get
    limits: Limits = field(default_factory=Limits)
    #: what new jobs get that say nothing: ``timeout``, ``grace``, ``late_limit``
    job_defaults: Mapping[str, timedelta] = field(default_factory=lambda: JOB_DEFAULTS)
    callback_url: str = ""
    #: where arq makes its own connection to the store's server
    store_url: str = field(default="", repr=False)
    #: set where dispatch is done by arq alone
    chores: Chores | None = None
    #: makes sure that ended containers of this runner and access are heard of; False: nobody tells
    watch: Callable[[Runner, Access], bool] = _unwatched
    #: whether the caller still has what allows it to act: the lease of its job, the lock of its
    #: chore. Asked before each call of a plugin
    may_act: Callable[[], bool] = _always
    #: by how much this process's idea of the store's time was late when it was last asked: what is
    #: decided must not be older than what the store calls due, or pauses would not be kept
    behind: timedelta = timedelta(0)
    #: who takes the steps: a worker's name, empty in the API
    worker: str = ""
    arq_job: str = ""

    @property
    def now(self) -> datetime:
        """The store's time."""
        return self.services.clock.now() + self.behind


__all__ = ["Chores", "Parts", "Secrets"]
