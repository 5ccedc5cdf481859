"""Every hook and every method of a contract is documented, with an example, and tested."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from jobsched.contracts import callback, check, log_store, planner, provider, runner
from tests.unit.contracts.examples import example_of
from tools.reference.docstring import parse
from tools.reference.fields import fields_of
from tools.reference.pages import CONTRACTS, HOOKS, LENT
from tools.reference.section import methods_of

ROOT = Path(__file__).parents[3]
#: what a plugin implements: what the core calls
IMPLEMENTED = (
    provider.Provider,
    runner.Runner,
    planner.Planner,
    callback.CallbackAction,
    log_store.LogStore,
    check.Check,
)
METHODS = {
    f"{cls.__name__}.{name}": method for cls in IMPLEMENTED for name, method in methods_of(cls)
}
LENT_METHODS = {
    f"{cls.__name__}.{name}": method
    for cls in (*LENT, planner.History)
    for name, method in methods_of(cls)
    if not isinstance(vars(cls)[name], property)
}
DOCUMENTED: dict[str, Callable[..., Any] | type] = {
    **{hook.__name__: hook for hook in HOOKS},
    **METHODS,
    **LENT_METHODS,
    # data, and the classes that a plugin begins with
    **{cls.__name__: cls for cls in CONTRACTS},
}


@pytest.mark.parametrize("name", [*METHODS, *(hook.__name__ for hook in HOOKS)])
def test_four_things_are_said(name: str) -> None:
    """When it is called, whether again, what to raise, and how long it may take."""
    said = parse(DOCUMENTED[name]).sections
    assert [one for one in ("When", "Repeated", "Raises", "Within") if not said.get(one)] == []
    assert list(parse(DOCUMENTED[name]).entries("Raises"))


@pytest.mark.parametrize("name", DOCUMENTED)
def test_an_example_is_shown(name: str) -> None:
    """There is one, and it is Python; that of a method or hook shows how to write, or call, it."""
    examples = example_of(DOCUMENTED[name])
    sources = "".join(one.source for one in examples)
    assert ast.parse(sources).body
    if not isinstance(DOCUMENTED[name], type):
        assert name.rpartition(".")[2] in sources


@pytest.mark.parametrize("cls", CONTRACTS, ids=lambda cls: cls.__name__)
def test_every_argument_that_is_described_exists(cls: type) -> None:
    """No docstring describes an argument under an old name."""
    for _, method in methods_of(cls):
        described = {name for name, _ in parse(method).entries("Args")}
        assert described <= set(method.__code__.co_varnames)


@pytest.mark.parametrize("cls", IMPLEMENTED, ids=lambda cls: cls.__name__)
def test_every_attribute_has_a_comment(cls: type) -> None:
    """An attribute of a contract says what it is for."""
    assert [field.name for field in fields_of(cls) if not field.comment] == []


@cache
def sources() -> tuple[str, ...]:
    """The text of every test, and of every example's own tests."""
    paths = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "examples").rglob("test_*.py")]
    return tuple(path.read_text() for path in paths if path != Path(__file__))


@pytest.mark.parametrize("name", [hook.__name__ for hook in HOOKS])
def test_every_hook_is_named_in_a_test(name: str) -> None:
    """A hook that no test implements or asks for may be broken unseen."""
    assert any(re.search(rf"\b{name}\b", text) for text in sources())


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_called_in_a_test(name: str) -> None:
    """A test that is about such a part calls the method."""
    contract, method = name.split(".")
    about = re.compile(rf"{contract}|{contract.removesuffix('Action').lower()}")
    called = re.compile(rf"\.{method}\(")
    found = [text for text in sources() if about.search(text) and called.search(text)]
    assert found, f"no test calls {name}"
