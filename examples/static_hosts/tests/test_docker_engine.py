"""Which answers of a Docker Engine are fine, and what follows from the others."""

from __future__ import annotations

from typing import Any, cast

import pytest

from jobsched_static_hosts.client import Client, Declined
from jobsched_static_hosts.docker_engine import DockerEngine


class FakeClient:
    """Declines calls, in the order in which statuses are given; 0 is an answer."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.called: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> None:
            self.called.append(name)
            if status := self._statuses.pop(0):
                raise Declined(status, "no")

        return call


def engine(*statuses: int) -> tuple[DockerEngine, FakeClient]:
    """Give an engine that answers so."""
    client = FakeClient(*statuses)
    return DockerEngine(cast("Client", client)), client


def test_an_engine_without_the_image_imports_it() -> None:
    """It is asked again then."""
    asked, client = engine(404, 0, 0)
    assert asked.create("name", {}) is True
    assert client.called == ["create_container", "import_image_from_data", "create_container"]


@pytest.mark.parametrize("statuses", [(409,), (404, 0, 409)], ids=["at once", "meanwhile"])
def test_a_name_that_is_taken_is_no_failure(statuses: tuple[int, ...]) -> None:
    """Also where somebody took it while the image was imported."""
    asked, _ = engine(*statuses)
    assert asked.create("name", {}) is False


@pytest.mark.parametrize("status", [404, 409], ids=["gone", "being removed"])
def test_what_goes_already_counts_as_removed(status: int) -> None:
    """Two workers may give one host back at the same time."""
    asked, client = engine(status)
    asked.remove("id")
    assert client.called == ["remove_container"]


def test_other_answers_are_failures() -> None:
    """An engine that is broken is not taken for one that has nothing."""
    for ask in ("find", "remove", "unmark"):
        asked, _ = engine(500)
        with pytest.raises(Declined):
            getattr(asked, ask)("name")
    asked, _ = engine(500)
    with pytest.raises(Declined):
        asked.create("name", {})
