"""A progress bar on stderr, where somebody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn


@contextmanager
def of(total: int, what: str) -> Iterator[Callable[[int], None]]:
    """Show how much is done; what is given is called with how much more there is each time.

    Args:
        total: when it is full.
        what: is counted, as ``jobs``.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (BarColumn(), MofNCompleteColumn(), what, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=total)
        yield lambda more: shown.update(task, advance=more)


__all__ = ["of"]
