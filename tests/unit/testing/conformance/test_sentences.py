"""The kit quotes the contracts, and cannot drift away from them."""

from collections.abc import Iterator

import pytest

from jobsched import testing
from jobsched.testing.conformance import provider, runner
from jobsched.testing.conformance.promise import Promise


def promises() -> Iterator[object]:
    """Every sentence that is tried, with the test that tries it."""
    for suite in testing.__all__:
        if not suite.endswith("Conformance"):
            continue
        kit = getattr(testing, suite)
        for name in dir(kit):
            if name.startswith("test_"):
                yield pytest.param(getattr(kit, name), id=f"{suite}.{name}")


@pytest.mark.parametrize("promise", [provider.GIVEN_BACK, runner.REMOVED])
def test_what_is_said_of_leftovers_stands_in_its_contract(promise: Promise) -> None:
    """What cannot be cleared away is told with a sentence, too."""
    assert promise.stands()


@pytest.mark.parametrize("kit_test", [*promises()])
def test_a_sentence_stands_in_its_contract(kit_test: object) -> None:
    """Whoever changes a contract changes the kit with it."""
    promise = getattr(kit_test, "promise", None)
    assert isinstance(promise, Promise)
    assert promise.stands(), f"{promise.where} does not say: {promise.that}"
    assert promise.do
