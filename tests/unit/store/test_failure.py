"""Errors of Redis become one sentence."""

import pytest
from redis import exceptions

from jobsched.store.failure import unavailable


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (exceptions.BusyLoadingError("is loading the dataset"), "loading"),
        (exceptions.ReadOnlyError("You can't write"), "replica"),
        (exceptions.OutOfMemoryError("command not allowed"), "out of memory"),
        (exceptions.ResponseError("ERR Error running script: -OOM command not"), "out of memory"),
        (exceptions.ResponseError("MISCONF Redis is configured to save"), "disk"),
        (exceptions.ResponseError("BUSY Redis is busy running a script"), "busy"),
        (exceptions.ResponseError("NOREPLICAS Not enough good replicas"), "replicas"),
        (exceptions.ResponseError("MASTERDOWN Link with MASTER is down"), "primary"),
        (exceptions.ResponseError("WRONGTYPE Operation against a key"), "another type"),
        (exceptions.NoPermissionError("no"), "permit"),
        (exceptions.AuthenticationError("invalid"), "password"),
        (
            exceptions.ResponseError("Protocol error: unauthenticated multibulk length"),
            "asks for a password",
        ),
        (exceptions.TimeoutError("Timeout reading"), "in time"),
        (TimeoutError(), "in time"),
        (exceptions.ConnectionError("Error 111 connecting"), "cannot be reached"),
        (ConnectionRefusedError(), "cannot be reached"),
        (exceptions.ResponseError("ERR something else"), "something else"),
    ],
)
def test_each_error_has_its_sentence(error: Exception, word: str) -> None:
    """An operator reads what is wrong, and never the arguments of a call."""
    assert word in unavailable(error).message


def test_a_long_error_is_cut() -> None:
    """An error that quotes a whole document does not reach a log whole."""
    assert len(unavailable(exceptions.ResponseError("x" * 10_000)).message) < 300
