"""What a callback action says of itself: its word, and what may be posted with it."""

from __future__ import annotations

import copy
import re

from marshmallow import Schema, ValidationError

from jobsched.contracts.callback import CallbackAction
from jobsched.schemas.callback import FIELDS
from jobsched.testing.conformance.breach import Broken, expect
from jobsched.testing.conformance.calling import Calling
from jobsched.testing.conformance.promise import promised

WORD = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
STRANGER = "conformance_stranger"


class CallbackSchema:
    """Name and schema."""

    @promised(
        by=CallbackAction,
        that="the action's word",
        do="Use a word of small letters, digits and _, at most 63.",
    )
    async def test_the_name_is_a_word(self, calling: Calling) -> None:
        """The action has a name that a machine can post."""
        name = getattr(calling.action, "name", None)
        expect(WORD.match(str(name)), f"name is {name!r}")

    @promised(
        by=CallbackAction,
        that="checks the fields besides action, job_id and instance_id",
        do="Set payload_schema to the marshmallow class itself, and leave those three out of it.",
    )
    async def test_the_payload_has_a_schema_class(self, calling: Calling) -> None:
        """The core makes objects of it, and has taken its own three fields away."""
        schema: object = getattr(calling.action, "payload_schema", None)
        is_class = isinstance(schema, type) and issubclass(schema, Schema)
        expect(is_class, f"payload_schema is {schema!r}")
        taken = sorted(set(FIELDS) & set(calling.action.payload_schema().fields))
        expect(not taken, f"payload_schema has {', '.join(taken)}")

    @promised(
        by=CallbackAction,
        that="checks the fields besides action, job_id and instance_id",
        do="Give at least one payload that the schema accepts, as a machine posts it.",
    )
    async def test_the_schema_accepts_the_payloads(self, calling: Calling) -> None:
        """The payloads of the test are good ones."""
        expect(calling.payloads, "the fixture payloads is empty")
        for number, payload in enumerate(calling.payloads):
            try:
                calling.loaded(copy.deepcopy(payload))
            except ValidationError as error:
                raise Broken(f"payload {number} is refused: {error.messages}") from error

    @promised(
        by=CallbackAction,
        that="checks the fields besides action, job_id and instance_id",
        do="Let unknown fields alone: the core loads with unknown=RAISE. Drop none in pre_load.",
    )
    async def test_unknown_fields_are_refused(self, calling: Calling) -> None:
        """A misspelt field is told, not lost."""
        for number, payload in enumerate(calling.payloads):
            try:
                calling.loaded({**copy.deepcopy(payload), STRANGER: 1})
            except ValidationError:
                continue
            raise Broken(f"payload {number} was accepted with a field {STRANGER}")


__all__ = ["CallbackSchema"]
