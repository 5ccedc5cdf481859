"""A kit test: one sentence of a contract, and a coroutine that tries it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from jobsched.testing.conformance import breach
from jobsched.testing.conformance.event_loop import run

S = TypeVar("S")
B = TypeVar("B")
#: a kit test as it is written: with the class, and a fixture that knows the plugin
Body = Callable[[S, B], Coroutine[Any, Any, None]]


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
    *, by: Any, that: str, do: str, within: timedelta = timedelta(minutes=5)
) -> Callable[[Body[S, B]], Callable[[S, B], None]]:
    """Make a plain test of a coroutine that tries one sentence.

    The test takes one fixture, whose name is that of the coroutine's parameter. An error that the
    plugin lets out breaks the sentence too.

    Args:
        by: the method or class of the contract that says it.
        that: the sentence, or its part that is tried, word by word.
        do: what an author can do whose plugin breaks it.
        within: the whole test; its calls have limits of their own (`answer`).
    """
    promise = Promise(by=by, that=that, do=do)

    def decorate(body: Body[S, B]) -> Callable[[S, B], None]:
        def test(self: S, bench: B) -> None:
            try:
                run(lambda: body(self, bench), within=within)
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
