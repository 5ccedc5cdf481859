"""The search for seeded bugs fails where one is not found, and where its world is no good."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from jobsched.testing.simulator.mutations import __main__ as command
from jobsched.testing.simulator.mutations.mutation import Mutation
from jobsched.testing.simulator.mutations.search import search
from jobsched.testing.simulator.promise import Broken


class Imagined(Mutation):
    """A mutation of which it is said what breaks in its worlds, by their seeds."""

    def told(self, seed: int, jobs: int, *, is_broken: bool = True) -> Any:
        """Give the promises that break: with the bug, or without it."""
        del jobs
        names = self.with_it.get(seed, ()) if is_broken else self.without.get(seed, ())
        return SimpleNamespace(broken=[a_broken(name) for name in names])

    with_it: Mapping[int, tuple[str, ...]]
    without: Mapping[int, tuple[str, ...]]


def a_broken(name: str) -> Broken:
    """Give a broken promise."""
    return Broken(name=name, what="imagined", at=0.0, job="", line=0)


def imagined(
    with_it: Mapping[int, tuple[str, ...]],
    without: Mapping[int, tuple[str, ...]] | None = None,
    *,
    limits: tuple[str, ...] = (),
) -> Imagined:
    """Give a mutation that “no leak” is to find, in three worlds of one size."""
    made = Imagined(
        name="imagined",
        broken="something",
        caught_by=("no leak",),
        patches=(),
        limits=limits,
        worlds=3,
        sizes=(4,),
    )
    object.__setattr__(made, "with_it", with_it)
    object.__setattr__(made, "without", without or {})
    return made


def ended(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> int:
    """Give how the command ends that searches it."""
    monkeypatch.setattr(command, "MUTATIONS", {mutation.name: mutation})
    return command.main([])


def test_a_mutation_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the promise that is named for it, and in the first world in which it breaks."""
    mutation = imagined({1: ("one start",), 2: ("no leak",)})
    found = search(mutation)
    assert (found.caught_by, found.seed, found.worlds, found.is_good) == ("no leak", 2, 3, True)
    assert ended(mutation, monkeypatch) == 0


def test_a_mutation_that_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another promise does not count."""
    mutation = imagined({1: ("one start",)})
    assert not search(mutation).is_good
    assert ended(mutation, monkeypatch) == 1


def test_a_world_that_is_no_good_without_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is passed over, and is a flaw of ours, though the mutation is found elsewhere."""
    mutation = imagined({1: ("no leak",), 2: ("no leak",)}, {1: ("one start",)})
    found = search(mutation)
    assert (found.seed, found.is_good) == (2, False)
    assert ended(mutation, monkeypatch) == 1
    assert "WITHOUT IT, TOO: one start: imagined (seed 1 of 4 jobs)" in capsys.readouterr().out


def test_a_limit_that_is_named_is_no_flaw(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such a world shows nothing, and another one is looked at."""
    without = {1: ("one start",)}
    mutation = imagined({1: ("no leak",), 2: ("no leak",)}, without, limits=("one start",))
    found = search(mutation)
    assert (found.seed, found.is_good) == (2, True)
    assert ended(mutation, monkeypatch) == 0
    assert "a limit that is named: one start" in capsys.readouterr().out
