"""The name of a new plugin: what follows from it, and which cannot be."""

import pytest

from jobsched.errors import InvalidInput
from jobsched.scaffold.name import named


def test_all_names_follow_from_the_one_that_was_typed() -> None:
    """A hyphen is for people and packages; Python and the configuration get an underscore."""
    name = named("acme-cloud2")
    assert name.plugin == "acme_cloud2"
    assert name.distribution == "jobsched-acme-cloud2"
    assert name.package == "jobsched_acme_cloud2"
    assert name.prefix == "AcmeCloud2"
    assert name.variables == "JOBSCHED_ACME_CLOUD2_"


@pytest.mark.parametrize("typed", ["a", "acme", "acme_cloud", "a--b", "x" * 63, "ec2", "match"])
def test_a_good_name_is_taken(typed: str) -> None:
    """Short, long, with digits, hyphens and underscores."""
    assert named(typed).typed == typed


@pytest.mark.parametrize(
    "typed",
    [
        *("", "Acme", "2acme", "-acme", "_acme", "acme-", "acme_", "ac.me", "ac me", "acmé"),
        *("acme\n", "../acme", "acme/x", "x" * 64),
    ],
)
def test_what_cannot_be_a_name_is_refused(typed: str) -> None:
    """One sentence says what a name looks like."""
    with pytest.raises(InvalidInput, match="small letters, digits, - and _, a letter first"):
        named(typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("class", "a word of Python"),
        ("local", "jobsched itself brings a plugin 'local'"),
        ("docker-runner", "jobsched itself brings a plugin 'docker_runner'"),
        ("ec2-spot", "jobsched itself brings"),
        ("limits", r"the section \[limits\] is jobsched's own"),
        ("jobsched", r"the section \[jobsched\]"),
        ("registries", r"the section \[registries\]"),
        ("test", "JOBSCHED_TEST_… are not read"),
        ("test-cloud", "JOBSCHED_TEST_… are not read"),
    ],
)
def test_a_name_that_is_taken_is_refused(typed: str, words: str) -> None:
    """What could never be configured or imported is told before anything is written."""
    with pytest.raises(InvalidInput, match=words):
        named(typed)
