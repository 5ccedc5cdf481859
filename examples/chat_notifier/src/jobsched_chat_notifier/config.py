"""The configuration section ``chat_notifier``."""

from __future__ import annotations

from datetime import timedelta

from marshmallow import Schema, fields, validate

from jobsched.schemas.duration import Duration

ENDS = ("finished", "failed", "cancelled")


class ChatNotifierSchema(Schema):
    """Where messages go, and of which ends."""

    #: a secret, as whoever knows it may post: masked by ``jobsched config show``, and also read
    #: from the file that ``JOBSCHED_CHAT_NOTIFIER_URL_FILE`` names
    url = fields.Url(
        required=True,
        schemes={"http", "https"},
        require_tld=False,
        metadata={"description": 'Webhook that takes {"text": ...}.', "secret": True},
    )
    on = fields.List(
        fields.String(validate=validate.OneOf(ENDS)),
        load_default=["failed"],
        metadata={"description": "Ends that are told: finished, failed, cancelled."},
    )
    timeout = Duration(
        load_default=timedelta(seconds=3),
        metadata={"description": "How long the chat may be silent; the core waits 5 s in all."},
    )
