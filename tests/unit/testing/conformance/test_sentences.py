"""The kit quotes the contracts, and cannot drift away from them."""

from collections.abc import Iterator

import pytest

from jobsched import testing
from jobsched.testing.conformance.promise import Promise


def promises() -> Iterator[object]:
    """Every sentence that is tried, with the test that tries it."""
    for suite in testing.__all__:
        if not suite.endswith("Conformance"):
            continue
        try:
            kit = getattr(testing, suite)
        except ImportError:
            continue
        for name in dir(kit):
            if name.startswith("test_"):
                yield pytest.param(getattr(kit, name), id=f"{suite}.{name}")


@pytest.mark.parametrize("kit_test", [*promises()])
def test_a_sentence_stands_in_its_contract(kit_test: object) -> None:
    """Whoever changes a contract changes the kit with it."""
    promise = getattr(kit_test, "promise", None)
    assert isinstance(promise, Promise)
    assert promise.stands(), f"{promise.where} does not say: {promise.that}"
    assert promise.do
