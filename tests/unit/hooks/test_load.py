"""Loading plugins: only those that are named, each for itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jobsched import JOBSCHED_API
from jobsched.errors import (
    BadHookResult,
    DuplicateName,
    PluginError,
    PluginLoadFailed,
    PluginNotFound,
)
from jobsched.hooks.load import load
from tests.distributions import Distributions

GOOD = """
    @hookimpl
    def jobsched_planners():
        return []
"""


@pytest.fixture
def distributions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Distributions:
    """Nothing but what the test installs."""
    return Distributions(tmp_path, monkeypatch)


def test_a_named_plugin_is_loaded_with_its_distribution(distributions: Distributions) -> None:
    """The report says what was installed, in which version, and which hooks it has."""
    distributions.install("acme", GOOD, distribution="jobsched-acme", version="2.3")
    report = load(["acme"]).report
    (acme,) = report.loaded
    origin = report.origins["acme"]
    assert (acme.name, origin.distribution, origin.version) == ("acme", "jobsched-acme", "2.3")
    assert acme.hooks == ("jobsched_planners",)
    report.check()


def test_an_installed_plugin_that_is_not_named_is_not_imported(
    distributions: Distributions,
) -> None:
    """Installing a package is not enough to run its code in this process."""
    module = distributions.install("acme", GOOD)
    report = load([]).report
    assert module not in sys.modules
    assert "acme" in report.unused
    origin = report.origins["acme"]
    assert (origin.distribution, origin.module, origin.file) == ("jobsched-acme", module, "")


def test_a_plugin_that_is_not_installed_is_named_with_a_guess(distributions: Distributions) -> None:
    """A misspelt name is answered with the one that was probably meant."""
    distributions.install("acme", GOOD)
    report = load(["amce"]).report
    with pytest.raises(PluginNotFound, match="did you mean 'acme'"):
        report.check()


def test_one_broken_plugin_does_not_hide_the_others(distributions: Distributions) -> None:
    """Both broken ones are told at once, and the good one is loaded."""
    distributions.install("worst", "import no_such_module_anywhere\n")
    distributions.install("worse", "raise SystemExit(3)\n")
    distributions.install("acme", GOOD)
    report = load(["worst", "worse", "acme"]).report
    assert [one.name for one in report.loaded] == ["acme"]
    assert [one.name for one in report.broken] == ["worst", "worse"]
    with pytest.raises(PluginError, match=r"no_such_module_anywhere[\s\S]*SystemExit"):
        report.check()


@pytest.mark.parametrize(
    ("code", "hook", "words"),
    [
        (
            "@hookimpl\ndef jobsched_provider():\n    return []\n",
            "jobsched_provider",
            "did you mean",
        ),
        ("@hookimpl\ndef jobsched_planners(confg):\n    return []\n", "jobsched_planners", "confg"),
        (
            "@hookimpl(wrapper=True)\ndef jobsched_planners():\n    return (yield)\n",
            "jobsched_planners",
            "cannot be wrapped",
        ),
        ("x = 1\n", "", "hookimpl"),
    ],
)
def test_a_hook_that_would_never_be_called_right_is_refused(
    distributions: Distributions, code: str, hook: str, words: str
) -> None:
    """A misspelt hook or argument stops the start, and leaves nothing of the plugin registered."""
    distributions.install("acme", code)
    plugins = load(["acme"])
    with pytest.raises(PluginLoadFailed, match=words) as caught:
        plugins.report.check()
    assert ("acme", hook) == (caught.value.plugin, caught.value.hook)
    assert not plugins.manager.has_plugin("acme")
    assert not plugins.manager.hook.jobsched_planners.get_hookimpls()


def test_a_plugin_for_a_newer_api_is_refused(distributions: Distributions) -> None:
    """It would call what is not there yet; the sentence says what to upgrade."""
    distributions.install("acme", f"JOBSCHED_API = {JOBSCHED_API + 1}\n" + "\n")
    with pytest.raises(PluginLoadFailed, match="upgrade jobsched"):
        load(["acme"]).report.check()


def test_two_distributions_with_a_plugin_of_one_name_are_refused(
    distributions: Distributions,
) -> None:
    """Which one would win is not left to the order on sys.path."""
    distributions.install("acme", GOOD, distribution="acme-one")
    distributions.install("acme", GOOD, distribution="acme-two")
    with pytest.raises(DuplicateName, match="acme-one, acme-two"):
        load(["acme"]).report.check()


SCHEMA = """
    from marshmallow import Schema

    class Settings(Schema):
        pass

    @hookimpl
    def jobsched_config_schemas():
        return {SECTIONS}
"""


def test_sections_are_brought_with_their_schemas(distributions: Distributions) -> None:
    """The section is known, and the report tells whose it is."""
    distributions.install("acme", SCHEMA.replace("SECTIONS", "'acme': Settings"))
    plugins = load(["acme"])
    plugins.report.check()
    assert list(plugins.schemas) == ["acme"]
    assert plugins.report.loaded[0].sections == ("acme",)


def test_two_plugins_with_one_section_are_refused_naming_both(
    distributions: Distributions,
) -> None:
    """Two schemas for one section cannot both count."""
    distributions.install("acme", SCHEMA.replace("SECTIONS", "'shared': Settings"))
    distributions.install("bcme", SCHEMA.replace("SECTIONS", "'shared': Settings"))
    for names in (["acme", "bcme"], ["bcme", "acme"]):
        with pytest.raises(DuplicateName, match=r"bcme\.jobsched_config_schemas.*acme"):
            load(names).report.check()


@pytest.mark.parametrize(
    ("sections", "error", "words"),
    [
        ("'limits': Settings", DuplicateName, "the core's"),
        ("'acme': Settings()", BadHookResult, "no marshmallow schema class"),
        ("'Ac-me': Settings", BadHookResult, "cannot name a section"),
        ("'acme': 1 / 0", PluginLoadFailed, "ZeroDivisionError"),
    ],
)
def test_a_bad_section_is_refused(
    distributions: Distributions, sections: str, error: type[PluginError], words: str
) -> None:
    """What cannot be a section of its own is told with the plugin and the hook."""
    distributions.install("acme", SCHEMA.replace("SECTIONS", sections))
    plugins = load(["acme"], taken=["limits"])
    with pytest.raises(error, match=words):
        plugins.report.check()
    assert not plugins.report.loaded
