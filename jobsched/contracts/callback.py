"""What an instance may tell the API."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any, ClassVar

from marshmallow import Schema

from jobsched.domain.facts import Fact
from jobsched.domain.job import Job


class CallbackAction(ABC):
    """One word that a machine may post to ``POST /callback`` as ``action``."""

    #: the action's word: ``update``
    name: ClassVar[str]
    #: checks the fields besides ``action``, ``job_id`` and ``instance_id``
    payload_schema: ClassVar[type[Schema]]

    @abstractmethod
    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> Fact | None:
        """Turn the checked payload into a fact about the job's attempt, or None for nothing.

        Pure; may be called any number of times with the same payload. The launch is the one whose
        token was presented: a fact about another attempt or launch is none of this machine's. The
        fact's ``at`` is ``now``. Give one of the core's facts, or ``Noted`` with at most 4 KiB of
        JSON.

        Raises:
            InvalidInput: the payload makes no sense for this job (422). Nothing else.
        """


__all__ = ["CallbackAction"]
