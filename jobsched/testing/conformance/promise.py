"""A kit test: one sentence of a contract, and a coroutine that tries it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest

from jobsched.testing.conformance import breach
from jobsched.testing.conformance.event_loop import IN_A_THREAD, Blocked, run

S = TypeVar("S")
Fixtures = ParamSpec("Fixtures")
#: a kit test as it is written
Body = Callable[Concatenate[S, Fixtures], Coroutine[Any, Any, None]]
#: … and as pytest sees it
Test = Callable[Concatenate[S, Fixtures], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A sentence that stands in a contract."""

    #: the method or class that says it
    by: Any
    #: word by word, without markup
    that: str
    #: what to do where it is broken
    do: str

    @property
    def where(self) -> str:
        """The contract and its method: ``Provider.find``."""
        return str(self.by.__qualname__)

    def stands(self) -> bool:
        """Whether the contract still says so."""
        return plain(self.that) in plain(text_of(self.by))


def promised(
    *,
    by: Any,
    that: str,
    do: str,
    within: timedelta = timedelta(minutes=5),
    may_block: bool = True,
) -> Callable[[Body[S, Fixtures]], Test[S, Fixtures]]:
    """Make a plain test of a coroutine that tries one sentence.

    The test takes the fixtures that the coroutine's parameters name; where one has a coroutine
    ``clean``, it is run after the test on the same loop. An error that the plugin lets out breaks
    the sentence too.

    Args:
        by: the method or class of the contract that says it.
        that: the sentence, or its part that is tried, word by word.
        do: what an author can do whose plugin breaks it.
        within: the whole test; its calls have limits of their own (`answer`).
        may_block: False for a test of just that; a call that blocks the loop fails no other.
    """
    promise = Promise(by=by, that=that, do=do)

    def decorate(body: Body[S, Fixtures]) -> Test[S, Fixtures]:
        def test(self: S, /, *args: Fixtures.args, **kwargs: Fixtures.kwargs) -> None:
            async def work() -> None:
                await _tidily(body(self, *args, **kwargs), [*args, *kwargs.values()])

            blocked = Blocked()
            try:
                run(work, within=within, blocked=blocked)
                breach.expect(may_block or not blocked.seconds, blocked.sentence, do=IN_A_THREAD)
            except Exception as error:  # noqa: BLE001 - whatever a plugin lets out is told as a breach
                broken = breach.of_error(error)
                told = breach.report(promise.where, promise.that, broken, promise.do)
            else:
                return
            pytest.fail(told, pytrace=False)

        # Not `functools.wraps`: the test is no coroutine, whatever looks behind it.
        test.__name__, test.__qualname__ = body.__name__, body.__qualname__
        test.__doc__, test.__module__ = body.__doc__, body.__module__
        test.__signature__ = _signature(body)  # type: ignore[attr-defined]  # what pytest reads
        test.promise = promise  # type: ignore[attr-defined]  # for whoever lists what is promised
        return test

    return decorate


async def _tidily(work: Coroutine[Any, Any, None], fixtures: Iterable[object]) -> None:
    cleans = [fixture.clean for fixture in fixtures if hasattr(fixture, "clean")]
    try:
        await work
    except Exception:
        # What was found first is told; whatever goes wrong now follows from it.
        with suppress(Exception):
            for clean in cleans:
                await clean()
        raise
    for clean in cleans:
        await clean()


def _signature(body: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(body).replace(return_annotation=None)


def text_of(said_by: Any) -> str:
    """Give what a contract says: a method's docstring; of a class also the notes on its fields."""
    if inspect.isclass(said_by):
        return inspect.getsource(said_by)
    return said_by.__doc__ or ""


def plain(text: str) -> str:
    """Give text without markup and line breaks."""
    text = re.sub(r":[a-z]+:`~?([^`]*)`", r"\1", text.replace("``", "`")).replace("`", "")
    return " ".join(text.replace("#:", " ").split())


__all__ = ["Promise", "plain", "promised", "text_of"]
