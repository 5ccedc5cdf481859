"""What machines say besides ``update`` and ``terminate``: as plugins bring it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from marshmallow import Schema, fields

from jobsched.contracts.callback import CallbackAction
from jobsched.domain import facts
from jobsched.domain.job import Job


class InterruptPayload(Schema):
    """When the machine is taken away."""

    until = fields.AwareDateTime(required=True, format="iso")


class Interrupt(CallbackAction):
    """The provider takes the machine back."""

    name: ClassVar[str] = "interrupt"
    payload_schema: ClassVar[type[Schema]] = InterruptPayload

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Give ``Interrupted``."""
        del instance_id
        until = payload["until"] if payload["until"] > now else None
        here = {"attempt": job.attempt.no if job.attempt else 0, "launch": launch}
        return facts.Interrupted(at=now, **here, until=until, what="terminate")


class RebalancePayload(Schema):
    """When the machine was told."""

    noticed_at = fields.AwareDateTime(required=True, format="iso")


class Rebalance(CallbackAction):
    """The provider may soon take the machine back."""

    name: ClassVar[str] = "rebalance"
    payload_schema: ClassVar[type[Schema]] = RebalancePayload

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Give ``AtRisk``."""
        del instance_id
        attempt = job.attempt.no if job.attempt else 0
        noticed_at = min(payload["noticed_at"], now)
        return facts.AtRisk(at=now, attempt=attempt, launch=launch, noticed_at=noticed_at)


class ProgressPayload(Schema):
    """How far it is."""

    percent = fields.Integer(required=True)


class Progress(CallbackAction):
    """A plugin's own word."""

    name: ClassVar[str] = "progress"
    payload_schema: ClassVar[type[Schema]] = ProgressPayload

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> facts.Fact | None:
        """Give ``Noted``."""
        del job, launch, instance_id
        return facts.Noted(at=now, source=self.name, data={"percent": payload["percent"]})


__all__ = ["Interrupt", "Progress", "Rebalance"]
