"""Where output goes: data to stdout, progress to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click


def data(line: str) -> None:
    """Write a line of what was asked for."""
    click.echo(line)


def document(found: Mapping[str, Any]) -> None:
    """Write one compact JSON object on a line of its own."""
    click.echo(json.dumps(found, separators=(",", ":"), ensure_ascii=False))


def pieces(found: Iterable[bytes]) -> None:
    """Write bytes as they are."""
    for piece in found:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def progress(line: str) -> None:
    """Tell what goes on."""
    click.echo(line, err=True)


__all__ = ["data", "document", "pieces", "progress"]
