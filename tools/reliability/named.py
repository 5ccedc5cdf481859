"""The tests that rows name: where they are, and which rows they say they are of."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from tools.reliability.row import ROOT

_BRACKETS = re.compile(r"\(([A-Z]\d{1,2}(?:, [A-Z]\d{1,2})*)\)")


def rows_of(test: str) -> set[str]:
    """Give the ids of rows in brackets in the first paragraph of a test's docstring.

    Args:
        test: its node id; what a parameter adds to it does not count.

    Raises:
        LookupError: there is no such test.
    """
    path, *names = test.partition("[")[0].split("::")
    if not (ROOT / path).is_file():
        raise LookupError(f"no file {path}")
    found: ast.AST = _tree(ROOT / path)
    for name in names:
        found = _inside(found, name)
    if not isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef):
        raise LookupError(f"{test} is no test")  # noqa: TRY004 - nobody gave a wrong type
    first = (ast.get_docstring(found) or "").split("\n\n")[0]
    return {one for inside in _BRACKETS.findall(first) for one in inside.split(", ")}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _inside(node: ast.AST, name: str) -> ast.AST:
    for child in ast.iter_child_nodes(node):
        if getattr(child, "name", None) == name:
            return child
    raise LookupError(f"there is no {name}")


__all__ = ["rows_of"]
