"""The examples of docstrings, put together to what they are examples of."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from typing import Any

from tools.reference.section import methods_of


def example_of(documented: object) -> list[doctest.Example]:
    """Give the examples in the docstring of a class or function, in order."""
    text = inspect.getdoc(documented) or ""
    return doctest.DocTestParser().get_examples(text)


def run(documented: object, names: dict[str, Any]) -> None:
    """Run what is defined in an example, with these names; they grow by what it defines."""
    for one in example_of(documented):
        exec(compile(one.source, "<example>", "exec", dont_inherit=True), names)  # noqa: S102 - our own docstrings


def defined(documented: object, names: dict[str, Any]) -> dict[str, Any]:
    """Give what an example defines, beside what there was."""
    found = dict(names)
    run(documented, found)
    return {name: one for name, one in found.items() if one is not names.get(name)}


def assembled(contract: type, name: str, names: dict[str, Any]) -> type:
    """Give the class of a contract's example, with the methods of its methods' examples."""
    run(contract, names)
    begun: type = names[name]
    methods = {}
    for method, declared in methods_of(contract):
        methods[method] = defined(declared, names)[method]
    return type(name, (begun,), methods)


def parameters(function: Any) -> Iterator[str]:
    """Give the parameters of a function, as they are called by name and kind."""
    for one in inspect.signature(function).parameters.values():
        yield f"{one.name} {one.kind.description}"


__all__ = ["assembled", "defined", "example_of", "parameters", "run"]
