"""What an instance may tell the API."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any, ClassVar

from marshmallow import Schema

from jobsched.domain.facts import Fact
from jobsched.domain.job import Job


class CallbackAction(ABC):
    """One word that a machine may post to ``POST /callback`` as ``action``.

    Example:
        >>> class ProgressPayload(Schema):
        ...     percent = fields.Integer(required=True, validate=validate.Range(min=0, max=100))
        >>> class Progress(CallbackAction):
        ...     name = "progress"
        ...     payload_schema = ProgressPayload
    """

    #: the action's word: ``update``
    name: ClassVar[str]
    #: checks the fields besides ``action``, ``job_id`` and ``instance_id``
    payload_schema: ClassVar[type[Schema]]

    @abstractmethod
    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> Fact | None:
        """Turn the checked payload into a fact about the job's attempt, or None for nothing.

        The launch is the one whose token was presented: a fact about another attempt or launch is
        none of this machine's. The fact's ``at`` is ``now``. Give one of the core's facts, or
        ``Noted`` with at most 4 KiB of JSON.

        When: a machine posts this action with the token of a launch that is not over.

        Repeated: Pure; may be called any number of times with the same payload.

        Args:
            job: the whole record.
            launch: the number of the launch in ``job.attempt``.
            instance_id: what the machine says it is; not checked.
            payload: what the schema made of the other fields.
            now: the store's time, aware, in UTC.

        Raises:
            InvalidInput: the payload makes no sense for this job (422). Nothing else.

        Within: no time: it must not wait, nor look anything up.

        Example:
            >>> def to_fact(self, job, launch, instance_id, payload, now):
            ...     return Noted(at=now, source=self.name, data={"percent": payload["percent"]})
        """


__all__ = ["CallbackAction"]
