"""The sentences that the conformance kit quotes stand in the docstrings, and none is left out."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

from jobsched.testing import conformance
from jobsched.testing.conformance.promise import Promise
from tests.unit.contracts.test_documented import METHODS


def names_of_tests() -> Iterator[str]:
    """Give the name of every test of the kit."""
    yield from (name for name, _ in _tests())


def _tests() -> Iterator[tuple[str, Promise]]:
    for module in pkgutil.iter_modules(conformance.__path__, f"{conformance.__name__}."):
        for _, cls in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if cls.__module__ == module.name:
                for name, one in vars(cls).items():
                    promise = getattr(one, "promise", None)
                    if isinstance(promise, Promise):
                        yield name, promise


PROMISES = tuple(promise for _, promise in _tests())


@pytest.mark.parametrize("promise", PROMISES, ids=lambda one: f"{one.where}: {one.that}")
def test_a_quoted_sentence_stands_in_its_docstring(promise: Promise) -> None:
    """An author who looks for it finds it."""
    assert promise.stands()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_held_to_a_sentence(method: str) -> None:
    """Each method of a contract is tried by a test of the kit."""
    assert method in {one.where for one in PROMISES}
