"""Rules that values of a job must keep; each says in its sentence what to do."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from marshmallow import ValidationError, fields

from jobsched.schemas.field import sentences

ENTRIES: Final = 128
ENTRY_BYTES: Final = 32 * 1024
IMAGE_LENGTH: Final = 500

# The grammar of an image reference: github.com/distribution/reference, reference.go.
# Z instead of a dollar: the latter lets a newline through at the end.
_COMPONENT = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = rf"(?:{_COMPONENT}(?:\.{_COMPONENT})*|\[[a-fA-F0-9:]+\])"
_PATH = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
IMAGE: Final = re.compile(
    rf"(?:{_HOST}(?::[0-9]+)?/)?{_PATH}(?:/{_PATH})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(?:@{_DIGEST})?\Z"
)
VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
RETRY_WORDS: Final = frozenset({"before_start", "error", "timeout", "interruption"})
EXIT_WORD: Final = re.compile(r"exit:(0|[1-9][0-9]{0,2})\Z")


def image(value: str) -> None:
    """Refuse what is no image reference."""
    if len(value) > IMAGE_LENGTH:
        raise ValidationError(f"an image's name has at most {IMAGE_LENGTH} characters")
    if not IMAGE.match(value):
        raise ValidationError("this is no image reference; write it as in alpine:latest")


def line(most: int, least: int = 1) -> Callable[[str], None]:
    """Make a rule for text on one line: its length, and no control characters."""

    def rule(value: str) -> None:
        if not least <= len(value) <= most:
            raise ValidationError(f"this must have {least} to {most} characters")
        if not value.isprintable():
            raise ValidationError("this must hold no line breaks and no control characters")

    return rule


def between(least: float, most: float) -> Callable[[float], None]:
    """Make a rule for a number."""

    def rule(value: float) -> None:
        if not least <= value <= most:
            raise ValidationError(f"this must be from {least:g} to {most:g}")

    return rule


def lasting(least: timedelta, most: timedelta, said: str) -> Callable[[timedelta], None]:
    """Make a rule for a duration; ``said`` names the bounds as a user would."""

    def rule(value: timedelta) -> None:
        if not least <= value <= most:
            raise ValidationError(f"this must be {said}")

    return rule


def fitting(values: Sequence[str]) -> None:
    """Refuse a list of strings that is too long, too large, or holds a NUL character."""
    if len(values) > ENTRIES:
        raise ValidationError(f"this must have at most {ENTRIES} entries")
    if sum(len(value.encode()) for value in values) > ENTRY_BYTES:
        raise ValidationError("this must have at most 32 KiB together")
    if any("\0" in value for value in values):
        raise ValidationError("this must hold no NUL character")


def assignment(value: str) -> None:
    """Refuse what is no ``NAME=value``."""
    name, equals, _ = value.partition("=")
    if not equals or not name:
        raise ValidationError("write each entry as NAME=value")


def retried(value: str) -> None:
    """Refuse what is no word of ``retry.on``."""
    exit_word = EXIT_WORD.match(value)
    if value not in RETRY_WORDS and not (exit_word and int(exit_word[1]) <= 255):  # noqa: PLR2004 (a process' exit code is a byte)
        raise ValidationError("use before_start, error, exit:<0 to 255>, timeout or interruption")


def at_most(most: int, things: str) -> Callable[[Mapping[str, Any]], None]:
    """Make a rule for the number of entries of an object."""

    def rule(value: Mapping[str, Any]) -> None:
        if len(value) > most:
            raise ValidationError(f"there may be at most {most} {things}")

    return rule


def variable(value: str) -> None:
    """Refuse what is no name of an environment variable."""
    if len(value) > ENTRIES or not VARIABLE.match(value):
        raise ValidationError("name a variable with letters, digits and _, as in API_KEY")


class Command(fields.Field[tuple[str, ...]]):
    """A command: one string, split as a shell splits words, or a list of words."""

    default_error_messages = sentences(
        invalid="give the command as a string or as a list of strings",
        quotes="a quote is open, or a backslash ends the command: close it, or give a list",
    )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[str, ...]:
        del attr, data, kwargs
        if isinstance(value, str):
            return self._split(value)
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise self.make_error("invalid")
        return tuple(value)

    def _split(self, value: str) -> tuple[str, ...]:
        # before it is split: shlex takes its time for every character
        fitting([value])
        try:
            return tuple(shlex.split(value))
        except ValueError:
            raise self.make_error("quotes") from None


__all__ = [
    "ENTRIES",
    "Command",
    "assignment",
    "at_most",
    "between",
    "fitting",
    "image",
    "lasting",
    "line",
    "retried",
    "variable",
]
