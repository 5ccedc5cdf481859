"""What the API answers about jobs."""

from __future__ import annotations

from marshmallow import fields

from jobsched.schemas.field import Dictionary, Instant, Part, Strict, Text, Whole
from jobsched.schemas.provider import HaltedSection


class Scheduled(Strict):
    """The answer to ``POST /schedule`` and ``POST /cancel/{id}``."""

    status = Text(required=True, metadata={"description": "The job's state."})
    message = Text(required=True, metadata={"description": "The same for people."})
    id = Text(required=True, metadata={"description": "The job's id: 32 letters and digits."})


class ListedJob(Strict):
    """A line of ``GET /list``."""

    status = Text(required=True, attribute="state", metadata={"description": "The job's state."})
    id = Text(required=True, metadata={"description": "The job's id."})
    schedule = Instant(required=True, metadata={"description": "When it is to start."})
    name = Text(metadata={"description": "Its name, where it has one."})


class JobList(Strict):
    """The answer to ``GET /list``."""

    jobs = fields.List(
        Part(ListedJob), required=True, metadata={"description": "Latest schedule first."}
    )
    next = Text(
        required=True,
        allow_none=True,
        metadata={"description": "The cursor of the next page; null: this is the last."},
    )


class ArqSection(Strict):
    """Who took the last step."""

    queue = Text(required=True, metadata={"description": "The queue of the workers."})
    worker = Text(required=True, allow_none=True, metadata={"description": "The worker's name."})
    job_parent_id = Text(
        required=True,
        allow_none=True,
        metadata={"description": "The arq job that took it, if one did."},
    )


class CostSection(Strict):
    """What the machines of a job cost, by their prices at launch."""

    usd = Text(required=True, metadata={"description": "US dollars until now, as text."})
    is_final = fields.Boolean(
        required=True, metadata={"description": "Whether every machine is gone."}
    )
    is_whole = fields.Boolean(
        required=True, metadata={"description": "Whether the price of every machine is known."}
    )


class TroubleSection(Strict):
    """What is being tried again."""

    command = Text(required=True, metadata={"description": "What fails."})
    reason = Text(required=True, metadata={"description": "A short label."})
    message = Text(required=True, metadata={"description": "The same for people."})
    times = Whole(required=True, metadata={"description": "How often in a row."})
    at = Instant(required=True, metadata={"description": "When it last failed."})
    next_try_at = Instant(required=True, metadata={"description": "When it is tried again."})


class Event(Strict):
    """A fact of the record, with its time."""

    at = Instant(required=True, metadata={"description": "When it became known."})
    event = Text(required=True, metadata={"description": "What happened."})
    attempt = Whole(required=True, allow_none=True, metadata={"description": "In which attempt."})
    launch = Whole(metadata={"description": "Of which request for a machine."})
    detail = Text(metadata={"description": "More for people."})


class StatusDocument(Strict):
    """The answer to ``GET /status/{id}``; sections of providers and runners stand beside these."""

    class Meta:
        """A provider or runner may bring a section of its own name."""

        unknown = "include"

    id = Text(required=True, metadata={"description": "The job's id."})
    status = Text(required=True, metadata={"description": "The job's state."})
    schedule = Instant(required=True, metadata={"description": "When it is to start."})
    reason = Text(
        required=True,
        allow_none=True,
        metadata={"description": "Why it ended, or its last attempt."},
    )
    exit_code = Whole(
        required=True,
        allow_none=True,
        metadata={"description": "The container's, from finishing on."},
    )
    message = Text(required=True, allow_none=True, metadata={"description": "The same for people."})
    name = Text(required=True, allow_none=True, metadata={"description": "Its name."})
    labels = Dictionary(required=True, metadata={"description": "The user's own words."})
    accepted_at = Instant(required=True, metadata={"description": "When it was accepted."})
    cancel_requested = fields.Boolean(
        required=True, metadata={"description": "Whether the user wants it to end."}
    )
    aws = Dictionary(
        required=True, metadata={"description": "The machine; nulls before there is one."}
    )
    docker = Dictionary(required=True, metadata={"description": "The container; nulls likewise."})
    arq = Part(ArqSection, required=True, metadata={"description": "Who took the last step."})
    provider = Text(required=True, metadata={"description": "Where its machines come from."})
    runner = Text(required=True, metadata={"description": "What runs its containers."})
    planner = Text(required=True, metadata={"description": "What plans its attempts."})
    limits = Dictionary(
        required=True, metadata={"description": "timeout, grace, late_limit in seconds."}
    )
    retry = Dictionary(required=True, metadata={"description": "Which failures are tried again."})
    resources = Dictionary(required=True, metadata={"description": "What the machine must have."})
    attempts = fields.List(
        Dictionary(), required=True, metadata={"description": "Every attempt with its launches."}
    )
    timeline = fields.List(
        Part(Event), required=True, metadata={"description": "Every dated fact, in order."}
    )
    offers = fields.List(
        Dictionary(), required=True, metadata={"description": "Offers that were refused, and why."}
    )
    cost = Part(
        CostSection,
        required=True,
        allow_none=True,
        metadata={"description": "What its machines cost; null: no price is known."},
    )
    plugins = Dictionary(required=True, metadata={"description": "Plugin to its notes."})
    trouble = Part(
        TroubleSection,
        required=True,
        allow_none=True,
        metadata={"description": "What is being tried again; null: nothing."},
    )
    halted = Part(
        HaltedSection,
        required=True,
        allow_none=True,
        metadata={
            "description": "Why its provider is asked for no machines; null: it is, or the job "
            "has ended."
        },
    )


__all__ = [
    "ArqSection",
    "CostSection",
    "Event",
    "JobList",
    "ListedJob",
    "Scheduled",
    "StatusDocument",
    "TroubleSection",
]
