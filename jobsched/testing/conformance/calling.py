"""A callback action at work: posted to by machines of every kind of job."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marshmallow import RAISE, ValidationError

from jobsched.contracts.callback import CallbackAction
from jobsched.domain.facts import Fact
from jobsched.domain.job import Job
from jobsched.errors import InvalidInput
from jobsched.testing.conformance.breach import Broken
from jobsched.testing.conformance.situation import HOUR, JOBS, MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One post of one machine."""

    #: for people
    what: str
    job: Job
    launch: int
    instance_id: str
    payload: dict[str, Any]
    now: datetime = HOUR + 2 * MINUTE


@dataclass(frozen=True, slots=True)
class Calling:
    """The action under test."""

    action: CallbackAction
    #: as posted, without the fields that say who posts
    payloads: Sequence[Any]
    jobs: dict[str, Job] = field(default_factory=lambda: copy.deepcopy(dict(JOBS)))

    def loaded(self, payload: Any) -> dict[str, Any]:
        """Check a payload as the core does.

        Raises:
            ValidationError: the schema refuses it.
        """
        checked: dict[str, Any] = self.action.payload_schema(unknown=RAISE).load(payload)
        return checked

    def calls(self, *, with_attempt: bool = True) -> Iterator[Call]:
        """Give a post of each payload by the machine of each job, or of the one without any."""
        for number, payload in enumerate(self.payloads):
            try:
                checked = self.loaded(copy.deepcopy(payload))
            except (ValidationError, TypeError):
                continue  # `test_the_schema_accepts_the_payloads` tells of it
            for name, job in self.jobs.items():
                launches = job.attempt.launches if job.attempt else ()
                if bool(launches) is with_attempt:
                    last = launches[-1] if launches else None
                    yield Call(
                        what=f"payload {number} of {name}",
                        job=job,
                        launch=last.no if last else 1,
                        instance_id=last.instance.id if last and last.instance else "machine",
                        payload=copy.deepcopy(checked),
                    )

    def answer(self, call: Call) -> Fact | None:
        """Give the fact, or None where the payload is refused.

        Raises:
            Broken: anything but InvalidInput was raised.
        """
        try:
            return self.action.to_fact(
                call.job, call.launch, call.instance_id, call.payload, call.now
            )
        except InvalidInput:
            return None
        except Exception as error:
            raise Broken(f"{call.what}: it raised {type(error).__name__}: {error}") from error

    def facts(self) -> Iterator[tuple[Call, Any]]:
        """Give every post that led to a fact; one test alone tells of what raised instead."""
        for call in self.calls():
            try:
                fact = self.answer(call)
            except Broken:
                continue
            if fact is not None:
                yield call, fact


__all__ = ["Call", "Calling"]
