"""A kit test: one sentence of a contract, and a coroutine that tries it."""

import asyncio

import pytest

from jobsched.errors import ProviderFailed
from jobsched.testing.conformance.breach import Broken, expect
from jobsched.testing.conformance.promise import Promise, promised

type_of_failure = pytest.fail.Exception


class Contract:
    """A promise to keep.

    More of it.
    """

    #: how long after a request
    #: ``x`` means unknown
    settles: int = 0

    def find(self) -> None:
        """Look for the machine with :meth:`find`; None:
        not found.
        """


class Suite:
    """Kit tests."""

    @promised(by=Contract.find, that="None: not found", do="Give None.")
    async def test_it(self, bench: BaseException | None) -> None:
        """It finds."""
        await asyncio.sleep(0)
        if bench:
            raise bench

    @promised(by=Contract.find, that="None: not found", do="Give None.")
    async def test_value(self, bench: int) -> None:
        """It is one."""
        expect(bench == 1, f"it gave {bench}")


def told(error: BaseException) -> str:
    """What the failure of a test says."""
    with pytest.raises(type_of_failure) as caught:
        Suite().test_it(error)
    return str(caught.value)


def test_a_kept_promise_passes() -> None:
    """A coroutine that raises nothing is a test that passes."""
    Suite().test_it(None)
    Suite().test_value(1)


def test_a_failure_has_three_parts() -> None:
    """The sentence, what was seen, and what to do."""
    with pytest.raises(type_of_failure) as caught:
        Suite().test_value(2)
    assert str(caught.value) == (
        "A promise of Contract.find is broken.\n"
        '  the sentence: "None: not found"\n'
        "  seen:         it gave 2\n"
        "  what to do:   Give None."
    )


def test_a_breach_may_know_better_what_to_do() -> None:
    """The advice of what was seen goes before that of the test."""
    assert told(Broken("it hangs", do="Wait less.")).endswith("what to do:   Wait less.")


def test_an_error_of_the_plugin_is_told_with_its_place() -> None:
    """A bug is called one, with the lines where it came from."""
    text = told(KeyError("token"))
    assert "it raised KeyError, which is no OperationFailed" in text
    assert "test_promise.py" in text
    assert "Raise jobsched.errors.OperationFailed" in text


def test_an_expected_failure_is_told_with_its_labels() -> None:
    """A failure that the test does not allow is told as the plugin labelled it."""
    text = told(ProviderFailed("quota", "no more", effect="none", then="breaker"))
    assert 'ProviderFailed(reason="quota", effect="none", then="breaker"): no more' in text


def test_pytest_sees_a_plain_function() -> None:
    """Name and docstring are the coroutine's, and no pytest plugin takes it for a coroutine."""
    assert Suite.test_it.__name__ == "test_it"
    assert Suite.test_it.__doc__ == "It finds."
    assert not asyncio.iscoroutinefunction(Suite.test_it)


@pytest.mark.parametrize(
    ("promise", "stands"),
    [
        (Promise(by=Contract.find, that="with find; None: not found", do=""), True),
        (Promise(by=Contract.find, that="how long after", do=""), False),
        (Promise(by=Contract, that="request x means unknown", do=""), True),
        (Promise(by=Contract, that="something else", do=""), False),
    ],
)
def test_a_sentence_stands_in_the_contract_or_not(promise: Promise, *, stands: bool) -> None:
    """Markup and line breaks do not count, other words do."""
    assert promise.stands() is stands
