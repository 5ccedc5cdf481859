"""What went wrong, as one sentence and an exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import click

from jobsched.client import Answered
from jobsched.errors import ConfigError, InvalidInput, JobschedError, PluginError, Unavailable

#: The job failed.
FAILED = 1
#: What was asked cannot be done as it was asked.
USAGE = 2
#: The job was cancelled.
CANCELLED = 3
#: The job was longer than its timeout, or than we were to wait.
TIMED_OUT = 4
#: No server answers, or none that can serve now.
NO_SERVER = 5
#: Ctrl-C, as shells count it: 128 and the number of SIGINT.
INTERRUPTED = 130


class Failure(click.ClickException):
    """An end of a command with a sentence on stderr and a code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        # click declares it for the class; each of ours has its own
        vars(self)["exit_code"] = code

    @classmethod
    def of(cls, error: JobschedError) -> Failure:
        """Make it of an error of jobsched."""
        return cls(sentence(error), code_of(error))


def code_of(error: JobschedError) -> int:
    """Give the exit code that an error asks for."""
    match error:
        case Answered() if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return NO_SERVER
        case Unavailable():
            return NO_SERVER
        case Answered() | InvalidInput() | ConfigError() | PluginError():
            return USAGE
        case _:
            return FAILED


def sentence(error: JobschedError) -> str:
    """Give the error's sentence, and a line for each field that is wrong."""
    fields: Mapping[str, Sequence[str]] = {}
    if isinstance(error, Answered | InvalidInput):
        fields = error.errors
    lines = [f"  {name}: {text}" for name, texts in fields.items() for text in texts]
    return "\n".join([error.message, *lines])


__all__ = [
    "CANCELLED",
    "FAILED",
    "INTERRUPTED",
    "NO_SERVER",
    "TIMED_OUT",
    "USAGE",
    "Failure",
    "code_of",
    "sentence",
]
