"""What ``GET /plugins`` and ``jobsched plugins --json`` tell of each plugin."""

from __future__ import annotations

from marshmallow import fields, validate

from jobsched.schemas.field import Dictionary, Part, Strict, Text, TextList, Whole

STATUSES = ("loaded", "broken", "not named")


class PluginDocument(Strict):
    """One plugin; every field is there, with null or nothing in it where nothing is known."""

    name = Text(required=True, metadata={"description": "Its name in the configuration."})
    status = Text(
        required=True,
        validate=validate.OneOf(STATUSES),
        metadata={"description": "Whether it works; not named: installed, and never imported."},
    )
    distribution = Text(
        required=True,
        allow_none=True,
        metadata={"description": "What was installed; null: it is none."},
    )
    version = Text(required=True, allow_none=True, metadata={"description": "Its version."})
    module = Text(required=True, allow_none=True, metadata={"description": "What is imported."})
    file = Text(
        required=True, allow_none=True, metadata={"description": "Where that was found, if it was."}
    )
    api = Whole(
        required=True,
        allow_none=True,
        metadata={
            "description": "The JOBSCHED_API that it was written for; null: it does not say."
        },
    )
    api_here = Whole(required=True, metadata={"description": "The JOBSCHED_API of this jobsched."})
    hooks = TextList(Text(), required=True, metadata={"description": "The hooks that it has."})
    sections = TextList(
        Text(), required=True, metadata={"description": "Its sections of the configuration."}
    )
    brings = Dictionary(
        keys=Text(),
        values=TextList(Text()),
        required=True,
        metadata={
            "description": (
                "providers, runners, planners, log_stores, actions, routes, checks, commands."
            )
        },
    )
    hook = Text(
        required=True, allow_none=True, metadata={"description": "The hook that is broken, if one."}
    )
    reason = Text(
        required=True, allow_none=True, metadata={"description": "Why it is broken, if it is."}
    )


class PluginList(Strict):
    """The answer to ``GET /plugins``."""

    plugins = fields.List(
        Part(PluginDocument), required=True, metadata={"description": "The core's own is first."}
    )


__all__ = ["STATUSES", "PluginDocument", "PluginList"]
