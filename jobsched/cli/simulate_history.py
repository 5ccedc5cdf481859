"""``jobsched simulate --history``: all that happened, one world after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jobsched.errors import InvalidInput
from jobsched.testing.simulator.result import Result


@contextmanager
def history(file: Path | None) -> Iterator[Callable[[Result], None]]:
    """Give what writes down a world; None: it is not asked for.

    Raises:
        InvalidInput: the file cannot be written.
    """
    if file is None:
        yield lambda _: None
        return
    with _written(file):
        opened = file.open("w", encoding="utf-8")

    def write(one: Result) -> None:
        with _written(file):
            opened.write(f"world {one.seed}\n")
            opened.writelines(f"{line}\n" for line in one.history)

    try:
        yield write
    finally:
        with _written(file):
            opened.close()


@contextmanager
def _written(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error


__all__ = ["history"]
