"""What machines say besides ``update`` and ``terminate``: as plugins bring it.

Nobody imports a plugin, so what `ec2_spot` makes of an interruption is said a second time here; a
test holds both together.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from marshmallow import Schema, fields

from jobsched.contracts.callback import CallbackAction
from jobsched.domain import facts
from jobsched.domain.job import Job
from jobsched.domain.state import launch_of

#: what EC2 gives at the most
NOTICE = timedelta(minutes=2)


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
        """Give ``Interrupted``, with the time where that can be believed."""
        del instance_id
        if job.attempt is None:
            return None
        until = payload["until"].astimezone(UTC)
        until = min(until, now + NOTICE) if until > now else None
        here = {"attempt": job.attempt.no, "launch": launch}
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
        """Give ``AtRisk``; the machine was not told before it was asked for, nor later than now."""
        del instance_id
        if job.attempt is None:
            return None
        known = launch_of(job.attempt, launch)
        noticed_at = max(min(payload["noticed_at"], now), known.begun_at if known else now)
        here = {"attempt": job.attempt.no, "launch": launch}
        return facts.AtRisk(at=now, **here, noticed_at=noticed_at.astimezone(UTC))


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
