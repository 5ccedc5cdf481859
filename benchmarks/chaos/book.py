"""The client's own book: what it asked for, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from benchmarks.chaos.evidence import Entry
from benchmarks.chaos.oracle import ENDED
from benchmarks.chaos.script import TELL, Script
from jobsched.client import Answered, Client, NoServer

#: what an API may answer whose store is away
AWAY = HTTPStatus.SERVICE_UNAVAILABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What all jobs of a run share."""

    image: str
    #: the recorder, as containers reach it
    host: str
    port: int
    #: makes keys of this run unlike those of others
    run: str


@dataclass(slots=True, kw_only=True)
class Page:
    """One job of the book; written by one thread at a time."""

    script: Script
    order: Order
    schedule: datetime | None = None
    ids: list[str] = field(default_factory=list)
    acknowledged_at: datetime | None = None
    #: whether the cancel that it wants was answered
    cancelled: bool = False
    first_end: tuple[str, str] | None = None
    odd_answers: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Its ``Idempotency-Key``."""
        return f"{self.order.run}-{self.script.number}"

    @property
    def is_settled(self) -> bool:
        """Whether nothing of it is to be waited for."""
        asked = self.script.cancel_after is None or self.cancelled
        return self.first_end is not None and asked

    def post(self, api: Client) -> bool:
        """Post it, the same each time; say whether it was acknowledged."""
        now = datetime.now(UTC)
        self.schedule = self.schedule or now + timedelta(seconds=self.script.ahead)
        try:
            job = str(api.schedule(self._request(self.schedule), key=self.key)["id"])
        except NoServer:
            return False
        except Answered as error:
            return self._answered(error, "POST /schedule")
        if job not in self.ids:
            self.ids.append(job)
        self.acknowledged_at = self.acknowledged_at or datetime.now(UTC)
        return True

    def cancel(self, api: Client) -> bool:
        """Ask for its cancel; say whether that was answered: also that it has ended otherwise."""
        try:
            api.cancel(self.ids[0])
        except NoServer:
            return False
        except Answered as error:
            self.cancelled = error.status == HTTPStatus.CONFLICT
            return self.cancelled or self._answered(error, "POST /cancel")
        self.cancelled = True
        return True

    def look(self, api: Client) -> bool:
        """Note how it has ended; say whether it has."""
        try:
            document = api.status(self.ids[0])
        except NoServer:
            return False
        except Answered as error:
            return self._answered(error, "GET /status")
        if document["status"] in ENDED:
            self.first_end = (document["status"], str(document["reason"]))
        return self.first_end is not None

    def entry(self) -> Entry:
        """Give it as it is judged."""
        return Entry(
            script=self.script,
            schedule=self.schedule or datetime.now(UTC),
            ids=tuple(self.ids),
            acknowledged_at=self.acknowledged_at,
            first_end=self.first_end,
            odd_answers=tuple(self.odd_answers),
        )

    def _answered(self, error: Answered, what: str) -> bool:
        """Note an answer that is neither yes nor *later*; it is asked again all the same."""
        if error.status != AWAY:
            self.odd_answers.append(f"{what}: {error.status} {error}")
        return False

    def _request(self, schedule: datetime) -> dict[str, Any]:
        names = {
            "CHAOS_JOB": self.script.number,
            "CHAOS_HOST": self.order.host,
            "CHAOS_PORT": self.order.port,
        }
        return {
            "schedule": schedule.isoformat(),
            "docker_image": self.order.image,
            "cmd": ["sh", "-c", TELL + self.script.shell],
            "env": [f"{name}={value}" for name, value in names.items()],
            "name": f"{self.script.kind} {self.script.number}",
            "grace": 1,
            **self.script.more,
        }


__all__ = ["Order", "Page"]
