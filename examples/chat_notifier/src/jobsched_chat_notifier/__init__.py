"""A notifier: tells a chat how jobs ended, by a webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from jobsched import hookimpl
from jobsched.contracts.change import Change
from jobsched_chat_notifier.config import ChatNotifierSchema
from jobsched_chat_notifier.message import message
from jobsched_chat_notifier.webhook import post


@hookimpl
def jobsched_config_schemas() -> dict[str, type[Schema]]:
    """Bring the schema of the section ``chat_notifier``."""
    return {"chat_notifier": ChatNotifierSchema}


@hookimpl
def jobsched_job_changed(change: Change, config: Mapping[str, Mapping[str, Any]]) -> None:
    """Post a message when a job comes to one of the chosen ends.

    A plain function may block: the core calls it in a thread of this plugin, so a slow chat delays
    nobody else. What it raises is logged by the core, and hurts nobody.
    """
    section = config["chat_notifier"]
    # The change into the end alone: what comes after it is no news.
    if change.state in section["on"] and change.state != change.was:
        post(section["url"], message(change), section["timeout"])
