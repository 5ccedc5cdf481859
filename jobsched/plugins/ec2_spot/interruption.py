"""What the agent on a machine tells of its end: ``interrupt`` and ``rebalance``.

EC2 gives two minutes' notice of an interruption, best effort; a rebalance recommendation says only
that one is more likely now than before, and is often followed by none.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, fields, validate

from jobsched.contracts.callback import CallbackAction
from jobsched.domain import facts
from jobsched.domain.job import Job
from jobsched.domain.state import launch_of

#: what EC2 gives at the most
NOTICE = timedelta(minutes=2)
#: what EC2 may do to a spot machine that it takes back
ACTIONS = ("terminate", "stop", "hibernate")


class _Payload(Schema):
    class Meta:
        unknown = RAISE


def _time(what: str) -> fields.AwareDateTime:
    return fields.AwareDateTime(
        required=True,
        format="iso",
        error_messages={"invalid_awareness": "this must be a time with its zone, such as …Z"},
        metadata={"description": what},
    )


class InterruptPayload(_Payload):
    """What the metadata service says at ``spot/instance-action``."""

    until = _time("when the machine is taken away")
    what = fields.String(
        load_default="terminate",
        validate=validate.OneOf(ACTIONS),
        metadata={"description": "what is done to it then"},
    )


class RebalancePayload(_Payload):
    """What the metadata service says at ``events/recommendations/rebalance``."""

    noticed_at = _time("when EC2 said so")


class Interrupt(CallbackAction):
    """EC2 takes the machine back."""

    name: ClassVar[str] = "interrupt"
    payload_schema: ClassVar[type[Schema]] = InterruptPayload

    def to_fact(
        self,
        job: Job,
        launch: int,
        instance_id: str,  # noqa: ARG002 - the contract; the token says whose it is
        payload: dict[str, Any],
        now: datetime,
    ) -> facts.Fact | None:
        """Give ``Interrupted``, with the time where that can be believed."""
        if job.attempt is None:
            return None
        return facts.Interrupted(
            at=now,
            attempt=job.attempt.no,
            launch=launch,
            until=_believed(payload["until"], now),
            what=payload["what"],
        )


class Rebalance(CallbackAction):
    """EC2 may soon take the machine back."""

    name: ClassVar[str] = "rebalance"
    payload_schema: ClassVar[type[Schema]] = RebalancePayload

    def to_fact(
        self,
        job: Job,
        launch: int,
        instance_id: str,  # noqa: ARG002 - the contract; the token says whose it is
        payload: dict[str, Any],
        now: datetime,
    ) -> facts.Fact | None:
        """Give ``AtRisk``; the machine was not told before it was asked for, nor later than now."""
        if job.attempt is None:
            return None
        known = launch_of(job.attempt, launch)
        earliest = known.begun_at if known else now
        return facts.AtRisk(
            at=now,
            attempt=job.attempt.no,
            launch=launch,
            noticed_at=max(min(payload["noticed_at"], now), earliest).astimezone(UTC),
        )


def _believed(until: datetime, now: datetime) -> datetime | None:
    """Give the time, as far as it can be one; None: it is not known.

    It is EC2's, and ``now`` is the store's. A machine that speaks at a time that is over was not
    taken away then: the job has its own grace, and not nothing. One that is further away than any
    notice is the sign of a clock that is late: the machine has two minutes at most.
    """
    return min(until, now + NOTICE).astimezone(UTC) if until > now else None


__all__ = ["ACTIONS", "NOTICE", "Interrupt", "InterruptPayload", "Rebalance", "RebalancePayload"]
