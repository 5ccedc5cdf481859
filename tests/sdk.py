"""The AWS SDK for tests: it reads each of its files once in a process, not once for each client.

EC2's description has ten megabytes: reading it takes half of what most tests on the fake take.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import JSONFileLoader


def read_once() -> None:
    """Let botocore keep what it has read. May be repeated; all clients of the process share it."""
    usual: Any = JSONFileLoader.load_file
    if not hasattr(usual, "__wrapped__"):
        JSONFileLoader.load_file = _kept(usual)  # type: ignore[method-assign] # there is no setting


def _kept(usual: Any) -> Any:
    loader = JSONFileLoader()
    read = cache(lambda path: usual(loader, path))

    def load_file(_: JSONFileLoader, file_path: str) -> Any:
        return read(file_path)

    load_file.__wrapped__ = usual  # type: ignore[attr-defined] # what `functools.wraps` would do
    return load_file


__all__ = ["read_once"]
