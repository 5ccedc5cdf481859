"""Seeded bugs are found, each by the promise that was named for it, and by nothing without it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobsched.testing.simulator.faults import KINDS
from jobsched.testing.simulator.mutations import kept
from jobsched.testing.simulator.mutations.catalogue import MUTATIONS
from jobsched.testing.simulator.mutations.mutation import Mutation
from jobsched.testing.simulator.mutations.patch import patched
from jobsched.testing.simulator.promise import PROMISES

TESTS = Path(__file__).parents[1]
KEPT = kept.read(Path(__file__).parent / "mutations.toml")
EACH = pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=list(MUTATIONS))


@EACH
def test_a_seeded_bug_is_found(mutation: Mutation) -> None:
    """In the smallest world in which it was ever found, by the promise that is named for it."""
    world = KEPT[mutation.name]
    assert mutation.catches(mutation.told(world.seed, world.jobs)) == world.caught_by


@EACH
def test_the_same_world_without_it_keeps_all_promises(mutation: Mutation) -> None:
    """So it is the bug that is found, and not a flaw of ours."""
    world = KEPT[mutation.name]
    assert mutation.told(world.seed, world.jobs, is_broken=False).violations == []


@EACH
def test_a_mutation_breaks_what_is_there_and_is_undone(mutation: Mutation) -> None:
    """A rule that has moved away would be broken in vain."""
    patches = [*mutation.patches, *mutation.also]
    sound = [one.sound() for one in patches]
    with patched(patches):
        assert all(one.sound() is not before for one, before in zip(patches, sound, strict=True))
    assert [one.sound() for one in patches] == sound


@EACH
def test_a_mutation_aims_at_faults_that_there_are(mutation: Mutation) -> None:
    """A kind of fault that has another name by now would never strike."""
    assert mutation.aim is None or mutation.aim.faults.keys() <= KINDS.keys()


@EACH
def test_a_mutation_names_what_must_break(mutation: Mutation) -> None:
    """Beforehand, by the names of our promises."""
    assert mutation.caught_by
    assert set(mutation.caught_by) <= PROMISES.keys()


@pytest.mark.parametrize("name", [one.name for one in MUTATIONS.values() if one.held_by])
def test_what_holds_a_rule_where_it_lives_is_there(name: str) -> None:
    """Each test that a mutation names, by its own name or by its file's."""
    named = re.findall(r"test_\w+", MUTATIONS[name].held_by)
    assert named
    files = list(TESTS.rglob("test_*.py"))
    there = {file.stem for file in files}
    there |= {test for file in files for test in re.findall(r"def (test_\w+)", file.read_text())}
    assert set(named) - there == set()


def test_neither_machines_nor_disks_of_a_neighbour_are_touched() -> None:
    """Without the filter both are: so both are looked at."""
    mutation, world = MUTATIONS[name := "reaper ignores the deployment"], KEPT[name]
    broken = mutation.told(world.seed, world.jobs).violations
    assert {one.split()[2].split("-")[0] for one in broken} == {"i", "vol"}


def test_there_are_enough_of_them() -> None:
    """Each has a world of its own, and no world is of a bug that is gone."""
    assert len(MUTATIONS) >= 15
    assert KEPT.keys() == MUTATIONS.keys()
