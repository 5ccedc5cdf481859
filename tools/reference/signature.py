"""The first line of a function, as a stub has it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any

WIDTH = 100


def signature(function: Callable[..., Any]) -> str:
    """Give a function's first line, or lines, as in a stub."""
    found = inspect.signature(function)
    parameters = list(_parameters(found))
    gives = found.return_annotation
    end = "" if gives is inspect.Signature.empty else f" -> {gives}"
    word = "async def" if inspect.iscoroutinefunction(function) else "def"
    line = f"{word} {function.__name__}({', '.join(parameters)}){end}: ..."
    if len(line) <= WIDTH:
        return line
    inside = "".join(f"    {one},\n" for one in parameters)
    return f"{word} {function.__name__}(\n{inside}){end}: ..."


def _parameters(found: inspect.Signature) -> Iterator[str]:
    stars: dict[object, str] = {
        inspect.Parameter.VAR_POSITIONAL: "*",
        inspect.Parameter.VAR_KEYWORD: "**",
    }
    was_keyword_only = any(one.kind is one.VAR_POSITIONAL for one in found.parameters.values())
    for one in found.parameters.values():
        if one.kind is one.KEYWORD_ONLY and not was_keyword_only:
            was_keyword_only = True
            yield "*"
        # annotations are text, as every module has them postponed
        annotation = "" if one.annotation is one.empty else f": {one.annotation}"
        default = "" if one.default is one.empty else f" = {_literal(one.default)}"
        yield f"{stars.get(one.kind, '')}{one.name}{annotation}{default}"


def _literal(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


__all__ = ["signature"]
