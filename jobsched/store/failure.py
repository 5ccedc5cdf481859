"""What an error of Redis means: one sentence, and that nothing was done."""

from __future__ import annotations

import re

from redis import exceptions

from jobsched.domain.job import Job
from jobsched.errors import StoreUnavailable, UnreadableRecord

_SENTENCES = {
    "LOADING": "Redis is still loading its data.",
    "READONLY": "This Redis is a replica that takes no writes.",
    "OOM": "Redis is out of memory: raise its maxmemory.",
    "MISCONF": "Redis takes no writes, as it cannot save to its disk.",
    "NOREPLICAS": "Redis takes no writes, as too few replicas are connected.",
    "MASTERDOWN": "This Redis is a replica that has lost its primary.",
    "NOAUTH": "Redis asks for a password.",
    "WRONGPASS": "Redis refuses the user name or the password.",
    "NOPERM": "Redis does not permit this user what jobsched needs.",
    "BUSY": "Redis is busy with a script that takes too long.",
    "WRONGTYPE": "A key of jobsched holds something of another type.",
}
#: what a server that wants a password first answers to a call of more than a few words
_TOO_LONG_TO_ASK = "Protocol error: unauthenticated"
_KNOWN = re.compile(rf"\b({'|'.join(_SENTENCES)})\b")


def unavailable(error: Exception) -> StoreUnavailable:
    """Give the error of jobsched for one of Redis or of its connection."""
    return StoreUnavailable(_sentence(met(error)))


def met(error: Exception) -> Exception:
    """Give what a connection met that could not be made: the client wraps it."""
    cause = error.__cause__
    return cause if isinstance(cause, exceptions.RedisError) else error


def is_held_back() -> UnreadableRecord:
    """Give the error for a record that nobody may read yet."""
    return UnreadableRecord(
        "The record could not be read when the store was restored from a backup, so its job is "
        "held back first."
    )


def of_one_time(job: Job, rev: str) -> Job:
    """Give the job if its document is of the revision that its record has.

    Of any other nothing could be saved: each save would be taken for one that came too late.

    Raises:
        UnreadableRecord: it is not.
    """
    if str(job.rev) != rev:
        raise UnreadableRecord(
            f"The record is of rev {rev or 'none'} and its document of rev {job.rev}: write the "
            "document's into the field rev if it is the one that counts."
        )
    return job


def _sentence(error: Exception) -> str:
    match error:
        # The client takes the word of these errors off their text.
        case exceptions.BusyLoadingError():
            return _SENTENCES["LOADING"]
        case exceptions.ReadOnlyError():
            return _SENTENCES["READONLY"]
        case exceptions.OutOfMemoryError():
            return _SENTENCES["OOM"]
        case exceptions.NoPermissionError():
            return _SENTENCES["NOPERM"]
        case exceptions.AuthenticationError():
            return _SENTENCES["WRONGPASS"]
        case exceptions.TimeoutError() | TimeoutError():
            return "Redis did not answer in time."
    if _TOO_LONG_TO_ASK in str(error):
        return _SENTENCES["NOAUTH"]
    if known := _KNOWN.search(str(error)):
        return _SENTENCES[known[1]]
    if isinstance(error, exceptions.ConnectionError | OSError):
        return "Redis cannot be reached."
    return f"Redis refused a call: {str(error)[:200]}"


__all__ = ["is_held_back", "met", "of_one_time", "unavailable"]
