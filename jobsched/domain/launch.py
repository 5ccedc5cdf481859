"""Add a fact to one launch."""

from __future__ import annotations

from datetime import datetime

from jobsched.domain import facts
from jobsched.domain.job import Ending, Instance, Launch, Notice, Try
from jobsched.domain.outcome import may_have_started
from jobsched.domain.replace import replace


def to_launch(launch: Launch, fact: facts.OfLaunch) -> Launch:
    """Give the launch with the fact in it; the same object if the fact changes nothing."""
    if launch.refused_at is not None:
        return launch
    match fact:
        case facts.Refused():
            known = launch.instance or launch.gone_at or launch.ready_at or launch.tries
            # its request is sent no more, and a day of refusals must not swell the record
            return launch if known else replace(launch, refused_at=fact.at, request="")
        case facts.Removed():
            return launch if launch.removed_at else replace(launch, removed_at=fact.at)
        case facts.Gone():
            return _gone(launch, fact)
        case facts.LogsStored():
            if launch.logs_at:
                return launch
            return replace(launch, logs_at=fact.at, logs_complete=fact.complete)
        case facts.Ended():
            return _ended(launch, fact)
        case facts.OfTry():
            return _to_try(launch, fact)
        case _ if launch.gone_at is not None:
            return launch
        case facts.Provisioned():
            return _provisioned(launch, fact)
        case facts.Ready():
            return _ready(launch, fact)
        case facts.BootFailed():
            if launch.ready_at or launch.tries:
                return _hinted(launch, fact)
            return _released(launch, fact, "boot_failed", fact.message)
        case facts.Interrupted():
            return _interrupted(launch, fact)
        case facts.AtRisk():
            if launch.at_risk_at:
                return launch
            return replace(launch, at_risk_at=fact.noticed_at or fact.at)
        case facts.Hinted():
            return _hinted(launch, fact)
        case facts.Released():
            return _released(launch, fact, fact.why, fact.message)
        case facts.Terminated():
            later = launch.terminated_at is None or fact.at > launch.terminated_at
            return replace(launch, terminated_at=fact.at) if later else launch
        case _:
            return launch


def _provisioned(launch: Launch, fact: facts.Provisioned) -> Launch:
    known = launch.instance
    if known is not None and known.id != fact.instance.id:
        return launch
    if known is None and launch.certified_id not in {"", fact.instance.id}:
        # the certificate came from another machine than the provider's: it is void
        launch = replace(launch, certificate="", certified_id="", ready_at=None)
    after = replace(
        launch,
        instance=_known_best(known, fact.instance),
        provisioned_at=launch.provisioned_at or fact.at,
        access=launch.access or fact.instance.access,
        ready_at=_ready_at(launch, fact.at if fact.ready else None),
    )
    return launch if after == launch else after


def _known_best(known: Instance | None, told: Instance) -> Instance:
    """Give what is known of a machine after it was described (again).

    An answer may come late: one from before it had an address, or after it lost it, takes nothing
    away. Its price at launch stays, whatever is said of it later.
    """
    if known is None:
        return told
    latest = known if known.access and not told.access else told
    return replace(latest, price=known.price or told.price)


def _ready(launch: Launch, fact: facts.Ready) -> Launch:
    known_id = launch.instance.id if launch.instance else launch.certified_id
    if known_id and fact.instance_id not in {"", known_id}:
        return launch
    if launch.certificate and fact.certificate not in {"", launch.certificate}:
        return launch
    after = replace(
        launch,
        ready_at=_ready_at(launch, fact.at),
        certificate=launch.certificate or fact.certificate,
        certified_id=launch.certified_id or fact.instance_id,
        access=launch.access or fact.access,
    )
    return launch if after == launch else after


def _ready_at(launch: Launch, at: datetime | None) -> datetime | None:
    """Give when a machine became ready: one that was given back before never does.

    Nothing was ever put on that one, so there is nothing to be removed from it.
    """
    return launch.ready_at or (None if launch.released_at else at)


def _interrupted(launch: Launch, fact: facts.Interrupted) -> Launch:
    """Keep the first notice; a description that knew no time may come before one that does."""
    after = replace(
        launch,
        interrupted_at=launch.interrupted_at or fact.at,
        interrupted_until=launch.interrupted_until or fact.until,
        interruption=launch.interruption or fact.what,
    )
    return launch if after == launch else after


def _hinted(launch: Launch, fact: facts.OfLaunch) -> Launch:
    if not may_have_started(launch) or launch.ending:
        return launch
    unanswered = launch.hinted_at and not (
        launch.inspected_at and launch.inspected_at >= launch.hinted_at
    )
    old = launch.hinted_at is not None and fact.at <= launch.hinted_at
    return launch if unanswered or old else replace(launch, hinted_at=fact.at)


def _gone(launch: Launch, fact: facts.Gone) -> Launch:
    if launch.gone_at:
        # the machine has left the list, and nobody can remove its containers any more
        stuck = not launch.destroys_machine and not launch.removed_at and launch.gone != fact.why
        return replace(launch, gone=fact.why) if stuck and fact.why == "abandoned" else launch
    if fact.why == "never_seen" and launch.instance:
        # somebody else has seen it meanwhile
        return launch
    if fact.why == "refused" and launch.tries:
        # it was used: it was not ended at its launch
        fact = replace(fact, why="machine_lost")
    return replace(launch, gone_at=fact.at, gone=fact.why)


def _released(launch: Launch, fact: facts.OfLaunch, why: str, message: str) -> Launch:
    if launch.released_at:
        return launch
    why = f"{why}: {message}" if message else why
    return replace(launch, released_at=fact.at, released=why)


def _to_try(launch: Launch, fact: facts.OfTry) -> Launch:
    if isinstance(fact, facts.Prepared):
        return _prepared(launch, fact)
    if not 0 <= fact.no < len(launch.tries):
        return launch
    one = launch.tries[fact.no]
    match fact:
        case facts.StartGranted():
            unused = not (one.granted_at or one.started_at or one.not_started_at)
            return _with_try(launch, replace(one, granted_at=fact.at)) if unused else launch
        case facts.Started():
            if one.started_at or one.not_started_at:
                return launch
            launch = _with_try(launch, replace(one, started_at=fact.at))
            return replace(launch, inspect_every=launch.inspect_every or fact.inspect_every)
        case facts.NotStarted():
            if one.started_at or one.not_started_at or launch.ending:
                return launch
            return _with_try(launch, replace(one, not_started_at=fact.at))
        case facts.Inspected():
            later = launch.inspected_at is None or fact.at > launch.inspected_at
            return replace(launch, inspected_at=fact.at) if later else launch
        case facts.Stopping():
            if launch.stopping_at or launch.ending or not one.started_at:
                return launch
            return replace(
                launch, stopping_at=fact.at, stopping=fact.why, stopping_grace=fact.grace
            )
        case facts.Warned():
            return _warned(launch, fact)
        case facts.Vanished():
            if launch.ending or one.not_started_at:
                return launch
            granted = one if one.granted_at else replace(one, granted_at=fact.at)
            later = launch.inspected_at is None or fact.at > launch.inspected_at
            launch = launch if granted is one else _with_try(launch, granted)
            return replace(launch, inspected_at=fact.at) if later else launch
        case _:
            return launch


def _warned(launch: Launch, fact: facts.Warned) -> Launch:
    notice = Notice(at=fact.at, failure=fact.failure)
    if fact.kind == "rebalance":
        return launch if launch.risk_notice else replace(launch, risk_notice=notice)
    return launch if launch.notice else replace(launch, notice=notice)


def _prepared(launch: Launch, fact: facts.Prepared) -> Launch:
    free = not launch.tries or launch.tries[-1].not_started_at
    if launch.gone_at or not free or fact.no != len(launch.tries):
        return launch
    one = Try(no=fact.no, container=fact.container, prepared_at=fact.at)
    return replace(launch, tries=(*launch.tries, one))


def _ended(launch: Launch, fact: facts.Ended) -> Launch:
    if launch.ending or not 0 <= fact.no < len(launch.tries):
        return launch
    one = launch.tries[fact.no]
    if one.not_started_at:
        return launch
    ending = Ending(
        at=fact.at,
        code=fact.code,
        oom=fact.oom,
        start_failed=fact.start_failed,
        started_at=fact.started_at,
        finished_at=fact.finished_at,
        message=fact.message,
    )
    begun = one.granted_at or fact.at
    started = one.started_at or (None if fact.start_failed else fact.at)
    launch = _with_try(launch, replace(one, granted_at=begun, started_at=started))
    return replace(launch, ending=ending)


def _with_try(launch: Launch, one: Try) -> Launch:
    tries = list(launch.tries)
    tries[one.no] = one
    return replace(launch, tries=tuple(tries))


__all__ = ["to_launch"]
