"""The section of a hook, a class or a method."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from tools.reference.docstring import Docstring, parse
from tools.reference.fields import fields_of
from tools.reference.markdown import code, row, wrapped
from tools.reference.signature import signature

#: what a section is called on the page
_LABELS = {
    "When": "When",
    "Repeated": "Repeated",
    "Args": "Takes",
    "Returns": "Gives",
    "Raises": "Raises",
    "Within": "Within",
}


def told(doc: Docstring) -> Iterator[str]:
    """Give what a docstring says: its text, its sections, its example."""
    yield from (wrapped(one) for one in (doc.summary, *doc.text))
    points: list[str] = []
    for section, label in _LABELS.items():
        entries = list(doc.entries(section)) if section in {"Args", "Raises"} else []
        if len(entries) == 1 and entries[0][0] in {"Nothing", "Anything"}:
            points.append(_point(label, f"{entries[0][0]}: {entries[0][1]}"))
        elif entries:
            points.append(f"- **{label}:**")
            points += [wrapped(f"`{n}`: {w}", first="  - ", indent="    ") for n, w in entries]
        elif text := doc.sections.get(section):
            points.append(_point(label, text))
    if points:
        yield "\n".join(points)
    if example := doc.example():
        yield code(example)


def _point(label: str, text: str) -> str:
    first = f"- **{label}:** "
    return wrapped(text[:1].lower() + text[1:], first=first, indent="  ")


def of_function(function: Callable[..., Any], heading: str) -> Iterator[str]:
    """Give the section of a hook or method."""
    yield heading
    yield code(signature(function))
    yield from told(parse(function))


def of_fields(cls: type) -> Iterator[str]:
    """Give the table of a class's fields, if it has any."""
    rows = [
        row(f"`{one.name}`", f"`{one.type}`", one.default and f"`{one.default}`", one.comment)
        for one in fields_of(cls)
    ]
    if rows:
        yield "\n".join(["| field | type | default | |", "|---|---|---|---|", *rows])


def of_class(cls: type) -> Iterator[str]:
    """Give the section of a class: what it is, its fields, its methods."""
    yield f"## `{cls.__name__}`"
    yield f"`from {cls.__module__} import {cls.__name__}`"
    yield from told(parse(cls))
    yield from of_fields(cls)
    for name, member in methods_of(cls):
        heading = f"### `{cls.__name__}.{name}`"
        if isinstance(vars(cls)[name], property):
            yield heading
            yield code(f"@property\n{signature(member)}")
            yield from told(parse(member))
        else:
            yield from of_function(member, heading)


def methods_of(cls: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Give the public methods and properties that a class declares itself, in order."""
    for name, member in vars(cls).items():
        function = member.fget if isinstance(member, property) else member
        if not name.startswith("_") and inspect.isfunction(function):
            yield name, function


__all__ = ["methods_of", "of_class", "of_function"]
