"""callback: what an instance posts. A hint, told by whoever holds the launch's token."""

from __future__ import annotations

import hmac
from typing import Any

from marshmallow import RAISE, ValidationError

from jobsched.domain import facts
from jobsched.domain.job import Attempt, Job, JobId, Launch
from jobsched.domain.state import begun, is_gone, launch_of
from jobsched.engine import answer
from jobsched.engine.call import ask
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.errors import Gone, InvalidInput, NotFound, Refused, Unauthorised, Unavailable
from jobsched.schemas.error import by_field

#: numbers of attempts and launches that a token is tried for beyond those on record: a machine may
#: speak before the answer that names its launch is saved, and after a store lost its last second
AHEAD = 1


async def receive(
    parts: Parts,
    *,
    action: str,
    job_id: str,
    instance_id: str,
    payload: dict[str, Any],
    token: str,
) -> None:
    """Record what a machine says. May be repeated, in any order.

    Raises:
        Unauthorised: the token is none of this job's launches.
        UnknownName: there is no such action.
        InvalidInput: the payload is not what the action's schema says.
        Refused: the launch is bound to another certificate, the first one that was told.
        Gone: a readable record of this deployment says that the launch is over: the machine may go.
        Unavailable: in any other doubt (no record, the store down): ask again.
    """
    try:
        job = await parts.store.read(JobId(job_id))
    except NotFound as error:
        raise Unavailable("no record of this job; ask again later") from error
    attempt_no, launch_no = _whose(parts, job, token)
    launch = _launch(job, attempt_no, launch_no)
    # only now, so that a stranger learns nothing of what could be said
    handler = parts.registry.action(action)

    def said() -> object:
        checked = handler.payload_schema(unknown=RAISE).load(payload)
        return handler.to_fact(job, launch.no, instance_id, checked, parts.now)

    try:
        fact = ask(parts, f"{action}.to_fact", said, answer.fact)
    except ValidationError as error:
        raise InvalidInput("the payload is wrong", errors=by_field(error.messages)) from error
    if fact is not None:
        job = await observe(parts, job, fact)
    if isinstance(fact, facts.Ready):
        _refuse_another_certificate(parts, job, fact)


def _whose(parts: Parts, job: Job, token: str) -> tuple[int, int]:
    """Give the attempt and launch that the token belongs to; every candidate is compared."""
    attempt = job.attempt
    numbers = [(past.no, one.no) for past in job.past for one in past.launches]
    current = attempt.no if attempt else 0
    launches = begun(attempt) if attempt else 0
    numbers += [(current, number) for number in range(1, launches + AHEAD + 1)]
    numbers += [(current + 1, 1)]
    mine = None
    for pair in numbers:
        expected = parts.secrets.callback_token(job.id, *pair)
        if hmac.compare_digest(expected.encode(), token.encode()):
            mine = pair
    if mine is None:
        raise Unauthorised("this token is none of this job's launches")
    return mine


def _launch(job: Job, attempt_no: int, launch_no: int) -> Launch:
    attempt = job.attempt
    if attempt is not None and attempt_no < attempt.no:
        raise Gone("a newer attempt of this job has begun")
    if attempt is None or attempt_no > attempt.no or launch_no > begun(attempt):
        raise Unavailable("the record does not know this launch; ask again later")
    launch = launch_of(attempt, launch_no)
    if launch is None or _is_over(attempt, launch):
        raise Gone("this launch is over")
    return launch


def _refuse_another_certificate(parts: Parts, job: Job, fact: facts.Ready) -> None:
    """Tell whoever comes second: he, or who was the first, is not the launch's machine."""
    attempt = job.attempt
    launch = launch_of(attempt, fact.launch) if attempt and attempt.no == fact.attempt else None
    if launch is None or not fact.certificate or launch.certificate in {"", fact.certificate}:
        return
    parts.services.log.warning(
        "certificate.refused", job=job.id, launch=fact.launch, instance=fact.instance_id
    )
    raise Refused("this launch is bound to another certificate, which was told before")


def _is_over(attempt: Attempt, launch: Launch) -> bool:
    return launch.no < begun(attempt) or launch.gone_at is not None or is_gone(launch)


__all__ = ["receive"]
