"""What the core lends to plugins and to itself in production: time, randomness, settings."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
import string
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jobsched import log
from jobsched.contracts.provider import Provider
from jobsched.contracts.services import Log
from jobsched.spawn import Spawner

ID_LENGTH = 32
ID_LETTERS = string.ascii_letters + string.digits


class StoreClock:
    """The store's time, carried on by this machine's monotonic clock between two looks at it.

    So neither a wrong wall clock nor its correction moves a due time. Before the first look it is
    the wall clock.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self.sync(datetime.now(UTC))

    def sync(self, now: datetime) -> None:
        """Take over the time that the store has just given."""
        self._known = now.astimezone(UTC)
        self._known_since = self._monotonic()

    def now(self) -> datetime:
        """Give the store's time, aware, in UTC."""
        return self._known + timedelta(seconds=self._monotonic() - self._known_since)

    def monotonic(self) -> float:
        """Give seconds that never go back, for time-outs."""
        return self._monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        await asyncio.sleep(seconds)


class RandomIds:
    """Randomness from the operating system."""

    def job(self) -> str:
        """Give a new job id: 32 letters and digits (190 bits), as the seed document shows them."""
        return "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))

    def holder(self) -> str:
        """Give a new name for a worker: who reads it finds host and process."""
        host = re.sub(r"[^A-Za-z0-9.]", "-", socket.gethostname())[:40] or "host"
        return f"{host}-{os.getpid()}-{secrets.token_hex(4)}"


class FixedHistory:
    """No past boots yet: each provider's own fixed lead."""

    def __init__(self) -> None:
        self._leads: dict[str, timedelta] = {}

    def know(self, providers: Iterable[Provider]) -> None:
        """Take over the leads of the providers, which are made after the history."""
        self._leads.update({provider.name: provider.lead for provider in providers})

    def boot_times(self, provider: str, key: str = "") -> Sequence[timedelta]:  # noqa: ARG002 - none yet
        """Give no times."""
        return ()

    def lead(self, provider: str) -> timedelta:
        """Give the fixed lead of the provider; none for one that is not loaded."""
        return self._leads.get(provider, timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServices:
    """The services of a running process (:class:`jobsched.contracts.services.Services`)."""

    deployment: str
    data_dir: Path
    #: the whole configuration, section by section, secrets masked
    settings: Mapping[str, Any] = field(repr=False)
    #: the deployment's certificates
    ca_dir: Path
    clock: StoreClock = field(default_factory=StoreClock)
    ids: RandomIds = field(default_factory=RandomIds)
    spawn: Spawner = field(default_factory=Spawner)
    log: Log = field(default_factory=lambda: log.get("jobsched"))
    history: FixedHistory = field(default_factory=FixedHistory)


__all__ = ["FixedHistory", "RandomIds", "RunningServices", "StoreClock"]
