"""Tables and blocks: drawn on a terminal, plain columns where another program reads."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

COLOURS = {
    "finished": "green",
    "failed": "red",
    "cancelled": "yellow",
    "running": "cyan",
    "finishing": "cyan",
    "loaded": "green",
    "broken": "red",
    "halted": "red",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A thing that has more to tell than a line holds."""

    name: str
    status: str
    #: stands beside its status
    head: str
    #: label and text, each on a line of its own
    lines: tuple[tuple[str, str], ...] = ()


def show(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table to stdout."""
    if sys.stdout.isatty():
        Console().print(drawn(names, rows))
        return
    for line in plain(names, rows):
        click.echo(line)


def blocks(found: Sequence[Block]) -> None:
    """Write blocks to stdout; long texts are wrapped on a terminal."""
    if not sys.stdout.isatty():
        for line in _aligned(list(_rows(found))):
            click.echo(line)
        return
    Console().print(drawn_blocks(found))


def drawn_blocks(found: Sequence[Block]) -> Table:
    """Make blocks for a terminal."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, label, text in _rows(found):
        style = COLOURS.get(label, "") if name else ""
        grid.add_row(Text(name), Text(label, style=f"not dim {style}" if style else ""), Text(text))
    return grid


def _rows(found: Sequence[Block]) -> Iterator[tuple[str, str, str]]:
    """Give the lines; an empty one stands around each block that is longer than one."""
    for place, one in enumerate(found):
        if place and (one.lines or found[place - 1].lines):
            yield "", "", ""
        yield one.name, one.status, one.head
        yield from (("", label, text) for label, text in one.lines)


def drawn(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Make a table for a terminal."""
    # an id must stay whole: it is there to be copied
    found = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(names):
        found.add_column(name, no_wrap=place == 0, overflow="fold")
    for row in rows:
        # Text, because a name of a user's may look like rich's markup
        cells = zip(names, row, strict=True)
        found.add_row(*(Text(cell, style=_colour(name, cell)) for name, cell in cells))
    return found


def _colour(name: str, cell: str) -> str:
    return COLOURS.get(cell.split(":", maxsplit=1)[0], "") if name == "status" else ""


def plain(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Make lines with columns that stand below each other."""
    return _aligned([names, *rows])


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


__all__ = ["Block", "blocks", "drawn", "drawn_blocks", "plain", "show"]
