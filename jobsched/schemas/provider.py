"""What the API answers about providers."""

from __future__ import annotations

from marshmallow import fields

from jobsched.schemas.field import Instant, Number, Part, Strict, Text, Whole


class HaltedSection(Strict):
    """Why a provider is asked for no machines."""

    reason = Text(required=True, metadata={"description": "A short label."})
    message = Text(required=True, metadata={"description": "The same for people."})
    job = Text(required=True, metadata={"description": "The one job that ends with it."})
    at = Instant(required=True, metadata={"description": "When it was halted."})


class AlarmSection(Strict):
    """What an operator must look at."""

    sentence = Text(required=True, metadata={"description": "What is wrong, and what to do."})
    at = Instant(required=True, metadata={"description": "When it was raised."})


class CapsSection(Strict):
    """How many machines a provider may have; null is no limit."""

    alive = Whole(required=True, allow_none=True, metadata={"description": "At one time."})
    hourly = Whole(
        required=True, allow_none=True, metadata={"description": "Launches in any one hour."}
    )
    per_second = Number(
        required=True, allow_none=True, metadata={"description": "Launches in a second."}
    )


class ProviderDocument(Strict):
    """One provider."""

    name = Text(required=True, metadata={"description": "Its name in the configuration."})
    alive = Whole(
        required=True, metadata={"description": "Its machines that are on, or asked for."}
    )
    caps = Part(CapsSection, required=True, metadata={"description": "How many there may be."})
    halted = Part(
        HaltedSection,
        required=True,
        allow_none=True,
        metadata={"description": "Why it is asked for no machines; null: it is asked."},
    )
    reaped_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "When all its machines were last compared with the records."},
    )
    reap_alarm = Part(
        AlarmSection,
        required=True,
        allow_none=True,
        metadata={"description": "Why machines that are no job's are still on; null: none is."},
    )


class ProviderList(Strict):
    """The answer to ``GET /providers``."""

    providers = fields.List(
        Part(ProviderDocument), required=True, metadata={"description": "Those that are loaded."}
    )


class Resumed(Strict):
    """The answer to ``POST /providers/{name}/resume``."""

    name = Text(required=True, metadata={"description": "The provider."})
    woken = Whole(required=True, metadata={"description": "How many jobs go on at once."})


class Forced(Strict):
    """The answer to ``POST /providers/{name}/reap``."""

    name = Text(required=True, metadata={"description": "The provider."})
    until = Instant(required=True, metadata={"description": "Until when that word counts."})


__all__ = [
    "AlarmSection",
    "CapsSection",
    "Forced",
    "HaltedSection",
    "ProviderDocument",
    "ProviderList",
    "Resumed",
]
