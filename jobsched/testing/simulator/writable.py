"""Whether a file can be written, before hours are simulated for it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile

from jobsched.errors import InvalidInput


def check(file: Path) -> None:
    """See to it that a file can be written beside others. It tries, and leaves nothing.

    Raises:
        InvalidInput: there is no such folder, or nothing can be written into it.
    """
    folder = file.resolve().parent
    if not folder.is_dir():
        raise InvalidInput(f"there is no folder {file.parent} for {file.name}")
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error


__all__ = ["check"]
