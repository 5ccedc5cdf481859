"""What a plugin keeps, after it was written and read again."""

from datetime import UTC, datetime
from typing import Any

import pytest

from jobsched.domain.job import Access, Container, Instance, Offer
from jobsched.testing.conformance import document, stored
from jobsched.testing.conformance.breach import Broken

KEPT = {"zone": "a", "number": 1.5, "list": [1, None, True], "object": {"x": "ü"}}
LOST: list[Any] = [("a",), {"a"}, datetime(2026, 1, 1, tzinfo=UTC), b"x", float("nan"), object()]


def test_json_comes_back_as_it_was() -> None:
    """What is JSON is the same after a restart."""
    access = Access(kind="k", state=KEPT)
    machine = Instance(id="m", access=access, state=KEPT)
    offers = (Offer(label="a", state=KEPT), Offer(label="b"))
    container = Container(name="c", id="1", image="i", state=KEPT)

    assert stored.instance(machine) == machine
    assert stored.offers(offers) == offers
    assert stored.container(container) == container


@pytest.mark.parametrize("value", LOST, ids=lambda value: type(value).__name__)
def test_what_is_no_json_is_told(value: object) -> None:
    """What cannot be written, or comes back as something else, is told, wherever it is kept."""
    state = {"value": value}
    for keep in (
        lambda: stored.instance(Instance(id="m", state=state)),
        lambda: stored.instance(Instance(id="m", access=Access(kind="k", state=state))),
        lambda: stored.offers([Offer(label="o", state=state)]),
        lambda: stored.container(Container(name="c", state=state)),
        lambda: document.of(state, "status"),
    ):
        with pytest.raises(Broken):
            keep()


def test_what_is_kept_badly_does_not_stop_a_test_of_something_else() -> None:
    """A machine whose state cannot be stored is taken as it is."""
    machine = Instance(id="m", state={"value": {1}})

    assert stored.kept(machine) == machine


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": NaN}', 7])
def test_a_request_is_an_object_in_a_text(text: object) -> None:
    """Anything else is no request."""
    with pytest.raises(Broken, match="freeze gave"):
        document.parsed(text, "freeze")
    assert document.parsed('{"a": 1}', "freeze") == {"a": 1}
