"""The contract of callback actions as tests."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Sequence
from typing import Any

import pytest

from jobsched.contracts.callback import CallbackAction
from jobsched.domain import facts
from jobsched.domain.record import record
from jobsched.store import codec
from jobsched.testing.conformance import document
from jobsched.testing.conformance.breach import Broken, expect
from jobsched.testing.conformance.callback_schema import CallbackSchema
from jobsched.testing.conformance.calling import Calling
from jobsched.testing.conformance.promise import promised

#: bytes of JSON that a note may have
LARGEST_NOTE = 4 * 1024
#: real seconds between two calls, which a fact must not show
LATER = 0.02


class CallbackActionConformance(CallbackSchema):
    """Subclass it as ``Test…``, give the fixtures ``action`` and ``payloads``, and run pytest.

    Each payload is posted by the machine of a job that boots, runs, was given another machine, and
    is tried again.

    Fixtures:
        action: what is tested.
        payloads: payloads as they are posted, without ``action``, ``job_id`` and ``instance_id``;
            the schema accepts each of them.
    """

    @pytest.fixture
    def calling(self, action: CallbackAction, payloads: Sequence[Any]) -> Calling:
        """The action, and what is posted to it."""
        return Calling(action, payloads)

    @promised(
        by=CallbackAction.to_fact,
        that="Turn the checked payload into a fact about the job's attempt, or None for nothing.",
        do="Return an object of a class of jobsched.domain.facts, or None.",
    )
    async def test_a_payload_becomes_a_fact_or_nothing(self, calling: Calling) -> None:
        """Nothing else can be recorded."""
        for call, fact in calling.facts():
            expect(isinstance(fact, facts.KINDS), f"{call.what}: it gave {fact!r}")

    @promised(
        by=CallbackAction.to_fact,
        that="Pure; may be called any number of times with the same payload.",
        do="Take the time from now, and nothing from the clock or an earlier call.",
    )
    async def test_the_same_payload_gives_the_same_fact(self, calling: Calling) -> None:
        """A machine that hears no answer posts again."""
        first = list(calling.facts())
        await asyncio.sleep(LATER)
        for (call, fact), (_, again) in zip(first, calling.facts(), strict=False):
            expect(fact == again, f"{call.what}: it gave {fact}, and later {again}")

    @promised(
        by=CallbackAction.to_fact, that="The fact's at is now.", do="Write at=now into each fact."
    )
    async def test_the_fact_is_of_now(self, calling: Calling) -> None:
        """A machine's clock may be wrong; the store's time is what counts."""
        for call, fact in calling.facts():
            at = getattr(fact, "at", call.now)
            # a clock that is read is told by the test of purity
            is_read = at != getattr(calling.answer(call), "at", at)
            expect(at == call.now or is_read, f"{call.what}: at is {at}, and now is {call.now}")

    @promised(
        by=CallbackAction.to_fact,
        that="The launch is the one whose token was presented",
        do="Write attempt=job.attempt.no and launch=launch into the fact.",
    )
    async def test_the_fact_is_about_the_launch(self, calling: Calling) -> None:
        """A machine speaks for itself: not for an earlier one, nor for the next."""
        for call, fact in calling.facts():
            number = call.job.attempt.no if call.job.attempt else 0
            found = (getattr(fact, "attempt", number), getattr(fact, "launch", call.launch))
            seen = f"{call.what}: attempt {number}, launch {call.launch} posted, and the fact is "
            expect(found == (number, call.launch), f"{seen}about attempt, launch {found}")

    @promised(
        by=CallbackAction.to_fact,
        that="a fact about the job's attempt, or None for nothing",
        do="Return None, or Noted, where job.attempt is None.",
    )
    async def test_without_an_attempt_there_is_no_fact_about_one(self, calling: Calling) -> None:
        """A record may have lost its last second; the machine is older than that."""
        for call in calling.calls(with_attempt=False):
            try:
                fact = calling.answer(call)
            except Broken as broken:
                raise Broken(broken.seen) from broken
            about = getattr(fact, "attempt", None)
            expect(about is None, f"{call.what}: it gave {fact}")

    @promised(
        by=CallbackAction.to_fact,
        that="Give one of the core's facts, or Noted with at most 4 KiB of JSON.",
        do="Note only what people need to see; bound texts in the payload's schema.",
    )
    async def test_a_note_is_small(self, calling: Calling) -> None:
        """Notes lie in the record, which is read and written at every step."""
        for call, fact in calling.facts():
            if isinstance(fact, facts.Noted):
                expect(document.is_text(fact.source), f"{call.what}: source is {fact.source!r}")
                size = len(_json(fact.data, call.what))
                expect(size <= LARGEST_NOTE, f"{call.what}: the note has {size} bytes of JSON")

    @promised(
        by=CallbackAction.to_fact,
        that="InvalidInput: the payload makes no sense for this job (422). Nothing else.",
        do="Check in the schema what can be checked there, and raise InvalidInput with a sentence "
        "for what cannot.",
    )
    async def test_it_raises_nothing_but_invalid_input(self, calling: Calling) -> None:
        """Anything else is a bug, and a 500 to the machine."""
        for call in calling.calls():
            calling.answer(call)

    @promised(
        by=CallbackAction.to_fact,
        that="Pure",
        do="Change neither the job nor the payload: copy what you change.",
    )
    async def test_it_changes_nothing_that_it_is_given(self, calling: Calling) -> None:
        """The record is the core's, and the payload may be looked at again."""
        for call in calling.calls():
            before = copy.deepcopy((call.job, call.payload))
            try:
                calling.answer(call)
            except Broken:
                continue
            expect(before == (call.job, call.payload), f"{call.what}: it is another one afterwards")

    @promised(
        by=CallbackAction.to_fact,
        that="Give one of the core's facts",
        do="Fill every field of the fact with what its class says.",
    )
    async def test_the_fact_can_be_recorded(self, calling: Calling) -> None:
        """It is added to the job's record, stored, and comes back."""
        for call, fact in calling.facts():
            # what a note may hold has a test of its own
            if not isinstance(fact, facts.KINDS) or isinstance(fact, facts.Noted):
                continue
            try:
                after = record(call.job, fact)
                read = codec.decode(codec.encode(after))
            except Exception as error:
                raise Broken(f"{call.what}: {fact} cannot be recorded: {error}") from error
            expect(read == after, f"{call.what}: {fact} comes back as another")

    @promised(
        by=CallbackAction.to_fact,
        that="Pure",
        do="Look nothing up: the machine posts what is needed.",
        may_block=False,
    )
    async def test_it_answers_at_once(self, calling: Calling) -> None:
        """It is called in the event loop of the API."""
        for _ in calling.facts():
            await asyncio.sleep(0)


def _json(data: object, what: str) -> bytes:
    try:
        text = json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise Broken(f"{what}: the note is no JSON: {error}") from error
    return text.encode()


__all__ = ["CallbackActionConformance"]
