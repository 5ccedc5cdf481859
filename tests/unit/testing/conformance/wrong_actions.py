"""Callback actions that break one rule each, as an author's test module would hold them."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, cast

import pytest
from marshmallow import Schema, fields, pre_load

from jobsched.contracts.callback import CallbackAction
from jobsched.domain import facts
from jobsched.domain.job import Job
from jobsched.testing import CallbackActionConformance


class Payload(Schema):
    """A text."""

    text = fields.String(required=True)


class Right(CallbackAction):
    """It breaks no rule."""

    name: ClassVar[str] = "right"
    payload_schema: ClassVar[type[Schema]] = Payload

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Hint at an end."""
        if job.attempt is None:
            return None
        return facts.Hinted(at=now, attempt=job.attempt.no, launch=launch)


class SpeaksForTheFirst(Right):
    """It takes every machine for the first one."""

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Hint at an end of another launch."""
        return super().to_fact(job, 1, instance_id, payload, now)


class NotesALot(Right):
    """Its note has 5 KiB."""

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Note more than fits."""
        return facts.Noted(at=now, source="right", data={"text": "x" * 5 * 1024})


class NotesADate(Right):
    """Its note is no JSON."""

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Note what JSON has not."""
        return facts.Noted(at=now, source="right", data={"at": now})


class ReadsTheClock(Right):
    """It takes no notice of the time that it is given."""

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Hint at an end in this very moment."""
        return super().to_fact(job, launch, instance_id, payload, datetime.now(UTC))


class BelievesTheMachine(Right):
    """It takes a time from elsewhere."""

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Hint at an end a minute ago."""
        return super().to_fact(job, launch, instance_id, payload, now - timedelta(minutes=1))


class NeedsAnAttempt(Right):
    """It takes an attempt for granted."""

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Hint at an end of whatever there is."""
        attempt = job.attempt.no if job.attempt else 1
        return facts.Hinted(at=now, attempt=attempt, launch=launch)


class RaisesItsOwn(Right):
    """A payload that it does not like is an error of its own."""

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Refuse it in its own way."""
        if job.attempt and job.attempt.no > 1:
            raise ValueError("not again")
        return super().to_fact(job, launch, instance_id, payload, now)


class GivesText(Right):
    """It answers in its own way."""

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Say something."""
        return cast("facts.Fact", "ended") if job.attempt else None


class ChangesThePayload(Right):
    """It takes what it needs out of the payload."""

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Hint at an end, and leave nothing."""
        payload.clear()
        return super().to_fact(job, launch, instance_id, payload, now)


class FillsItWrong(Right):
    """Its certificate is a number."""

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Be ready."""
        if job.attempt is None:
            return None
        number: Any = 7
        return facts.Ready(at=now, attempt=job.attempt.no, launch=launch, certificate=number)


class Waits(Right):
    """It looks something up that takes a while."""

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Hint at an end, once slowly."""
        if job.attempt and job.attempt.no > 1:
            time.sleep(0.7)
        return super().to_fact(job, launch, instance_id, payload, now)


class Loose(Payload):
    """It drops what it does not know."""

    @pre_load
    def drop(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Keep the text."""
        return {"text": data["text"]}


class TakesAnything(Right):
    """A misspelt field is lost."""

    payload_schema: ClassVar[type[Schema]] = Loose


class WithJob(Payload):
    """It has a field of the core's."""

    job_id = fields.String()


class TakesTheCoresField(Right):
    """It waits for a field that never comes."""

    payload_schema: ClassVar[type[Schema]] = WithJob


class Number(Schema):
    """No text."""

    text = fields.Integer(required=True)


class RefusesItsPayload(Right):
    """The payload of the test is no good."""

    payload_schema: ClassVar[type[Schema]] = Number


class HasNoName(Right):
    """Its name cannot stand in a request."""

    name: ClassVar[str] = "two words"


class Held(CallbackActionConformance):
    """One action for each test."""

    kind: ClassVar[type[Right]]

    @pytest.fixture
    def action(self) -> Right:
        """What is judged."""
        return self.kind()

    @pytest.fixture
    def payloads(self) -> list[dict[str, Any]]:
        """One text."""
        return [{"text": "x"}]


KINDS: list[type[Right]] = [Right, *Right.__subclasses__()]

for kind in KINDS:
    name = f"Test{kind.__name__}"
    globals()[name] = type(name, (Held,), {"kind": kind, "__doc__": kind.__doc__})
