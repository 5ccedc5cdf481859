"""The page's tables, rendered from the rows; its text around them is written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tools.reference.markdown import PIPE
from tools.reliability.row import ROOT, TABLES, Row

PAGE = ROOT / "docs" / "explanation" / "reliability.md"
HEAD = "| | what goes wrong | what makes it safe | test | the line that the test holds |"
#: what a table stands between
_PLACE = re.compile(r"(<!-- table ([A-Z]):[^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(page: str, rows: Iterable[Row]) -> str:
    """Give the page with its tables as the rows have them."""
    tables = {table: "\n".join(_table(table, rows)) for table in TABLES}
    return _PLACE.sub(lambda at: f"{at[1]}{tables[at[2]]}\n{at[3]}", page)


def _table(table: str, rows: Iterable[Row]) -> Iterable[str]:
    yield HEAD
    yield "|---|---|---|---|---|"
    for row in rows:
        if row.id.startswith(table):
            cells = (row.id, row.fault, row.safe, _tests(row), _line(row))
            yield f"| {' | '.join(cell.replace('|', PIPE) for cell in cells)} |"


def _tests(row: Row) -> str:
    return ", ".join(
        f"[`{test.rpartition('::')[2]}`](../../{test.partition('::')[0]})" for test in row.tests
    )


def _line(row: Row) -> str:
    if row.missing:
        return f"**missing**: {row.missing}"
    if row.outside:
        return f"outside our code: {row.outside}"
    became = f" → {_code(row.instead)}" if row.instead else ""
    return f"[{row.file.rpartition('/')[2]}](../../{row.file}): {_code(row.line)}{became}"


def _code(text: str) -> str:
    """Give code for a cell: on one line, and between as many marks as it needs."""
    one = " ".join(text.split())
    return f"`` {one} ``" if "`" in one else f"`{one}`"


__all__ = ["HEAD", "PAGE", "rendered"]
