"""The fields of a class, with the ``#:`` lines above them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a dataclass, or an attribute of a contract."""

    name: str
    type: str
    #: as it is written; empty where there is none, so that it must be given
    default: str
    comment: str


def fields_of(cls: type) -> Iterator[Field]:
    """Give the public fields that a class declares itself, in order."""
    source = textwrap.dedent(inspect.getsource(cls))
    lines = source.splitlines()
    tree = ast.parse(source).body[0]
    for node in tree.body if isinstance(tree, ast.ClassDef) else ():
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        if node.target.id.startswith("_"):
            continue
        yield Field(
            name=node.target.id,
            type=_type(ast.unparse(node.annotation)),
            default=_default(node.value),
            comment=_comment(lines, node.lineno - 1),
        )


def _type(written: str) -> str:
    is_of_class = written.startswith("ClassVar[")
    return written.removeprefix("ClassVar[").removesuffix("]") if is_of_class else written


def _default(value: ast.expr | None) -> str:
    """Give the default; of ``field(...)`` what it makes."""
    if not (isinstance(value, ast.Call) and ast.unparse(value.func) == "field"):
        return ast.unparse(value) if value else ""
    given = {one.arg: ast.unparse(one.value) for one in value.keywords}
    if "default_factory" in given:
        return f"{given['default_factory']}()"
    return given.get("default", "")


def _comment(lines: list[str], line: int) -> str:
    """Give the text of the comment above a line."""
    found: list[str] = []
    for above in reversed(lines[:line]):
        if not above.strip().startswith("#:"):
            break
        found.insert(0, above.strip().removeprefix("#:").strip())
    return " ".join(found)


__all__ = ["Field", "fields_of"]
