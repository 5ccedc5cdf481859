"""What a machine has written on its console, kept for who asks after its end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

#: colours, and what else a terminal is told
_CODES: Final = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")


def plain(written: bytes) -> str:
    """Give it without a terminal's codes."""
    return _CODES.sub(b"", written).decode(errors="replace")


def path(folder: Path, machine: str) -> Path:
    """Say where the console of a machine that is gone lies."""
    return folder / f"{machine}.console"


def keep(folder: Path, machine: str, written: bytes) -> None:
    """Keep it until the cloud ends."""
    if folder.is_dir():
        path(folder, machine).write_text(plain(written))


__all__ = ["keep", "path", "plain"]
