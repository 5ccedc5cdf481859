"""Call a plugin: with a time limit, its answer checked, a bug told apart from an expected failure.

The only way from the engine into a plugin's code.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar, get_args

from marshmallow import ValidationError

from jobsched.engine.answer import Answer, is_label, readable
from jobsched.engine.parts import Parts
from jobsched.errors import Effect, InvalidInput, LeaseOver, OperationFailed, Then, Unavailable
from jobsched.hooks.patience import Broke, NoAnswer, contained, patiently
from jobsched.store.keepable import NotKeepable

T = TypeVar("T")

#: what the contracts promise for most methods
USUAL = timedelta(seconds=60)
EFFECTS, THENS = get_args(Effect), get_args(Then)
#: what they promise for a list of all machines: a chore is over within a minute
LISTING = timedelta(seconds=40)
#: what they promise for those of log stores
STORING = timedelta(seconds=30)


class PluginBug(OperationFailed):
    """A plugin raised or answered what no contract allows."""


async def call(
    parts: Parts,
    what: str,
    work: Callable[[], Awaitable[object]],
    answer: Answer[T],
    *,
    within: timedelta | None = None,
) -> T:
    """Give the plugin's answer, checked.

    Args:
        parts: for the log.
        what: plugin and method, for people: ``local.provision``.
        work: calls the method. It is called here, so that nothing of a plugin runs unguarded.
        answer: checks what came (:mod:`jobsched.engine.answer`).
        within: how long it may take; `USUAL` unless said.

    Raises:
        LeaseOver: the caller may not act any more; nothing was called.
        OperationFailed: an expected failure; a time-out is one, with unknown effect.
        PluginBug: anything else, logged once. Its effect is unknown.
    """
    if not parts.may_act():
        raise LeaseOver
    within = within or USUAL
    try:
        given = await patiently(what, work, within)
    except NoAnswer as error:
        message = f"{what} gave no answer within {within.total_seconds():g} s"
        raise OperationFailed("time_out", message, effect="unknown") from error
    except Unavailable as error:
        message = f"{what}: {readable(str(error))}"
        raise OperationFailed("unavailable", message, effect="unknown") from error
    except OperationFailed as error:
        raise _expected(parts, what, error) from error
    except LeaseOver:
        # of a call inside the call
        raise
    except (Exception, Broke) as error:
        raise _bug(parts, what, error) from error
    return _checked(parts, what, given, answer)


def ask(parts: Parts, what: str, work: Callable[[], object], answer: Answer[T]) -> T:
    """Give the answer of a method that answers at once.

    Raises:
        InvalidInput, ValidationError: what it was given is wrong, and it may say so.
        OperationFailed: an expected failure.
        PluginBug: it raised, or answered, what no contract allows.
    """
    try:
        given = contained(work)
    except (InvalidInput, ValidationError):
        raise
    except OperationFailed as error:
        raise _expected(parts, what, error) from error
    except (Exception, Broke) as error:
        raise _bug(parts, what, error) from error
    return _checked(parts, what, given, answer)


def _checked(parts: Parts, what: str, given: object, answer: Answer[T]) -> T:
    try:
        return answer(given)
    except NotKeepable as error:
        # a method that should have waited: said here, so that Python need not complain of it too
        close = getattr(given, "close", None)
        if isinstance(given, Awaitable) and callable(close):
            close()
        message = readable(f"{what} gave {error}")
        parts.services.log.exception("plugin.failed", call=what, why=message)
        raise PluginBug("plugin_error", message, effect="unknown") from error


def _bug(parts: Parts, what: str, error: BaseException) -> PluginBug:
    parts.services.log.exception("plugin.failed", call=what)  # noqa: LOG004 - called by handlers only
    kind = str(error) if isinstance(error, Broke | NotKeepable) else type(error).__name__
    return PluginBug("plugin_error", f"{what} failed: {kind}", effect="unknown")


def _expected(parts: Parts, what: str, error: OperationFailed) -> OperationFailed:
    """Give an expected failure whose words can be kept and shown; rubbish is a bug."""
    if isinstance(error, PluginBug):
        # of a call inside the call: told already
        return error
    reason = getattr(error, "reason", None)
    message = error.args[0] if error.args else None
    if not (isinstance(reason, str) and isinstance(message, str)):
        return _bug(parts, what, error)
    if not is_label(reason):
        return _bug(parts, what, error)
    if error.effect not in EFFECTS or error.then not in THENS:
        return _bug(parts, what, error)
    words = readable(message)
    return OperationFailed(reason, words, effect=error.effect, then=error.then)


__all__ = ["LISTING", "STORING", "USUAL", "PluginBug", "ask", "call"]
