"""The hooks that plugin authors read about are the hooks that there are."""

from __future__ import annotations

import doctest
import inspect
import types
import typing

import pluggy
import pytest

from jobsched import hookimpl
from jobsched.hooks import specs

HOOKS = [name for name in specs.__all__ if name.startswith("jobsched_")]


def test_every_hook_is_exported() -> None:
    """A hook that is not in __all__ is not documented."""
    marked = [name for name, one in vars(specs).items() if hasattr(one, "jobsched_spec")]
    assert sorted(marked) == sorted(HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_says_when_what_and_how(name: str) -> None:
    """Its docstring says when it is called, what may be raised, and shows one example."""
    hook = getattr(specs, name)
    text = inspect.getdoc(hook) or ""
    for part in ("When:", "Raises:", "Example:", f"def {name}("):
        assert part in text, part
    for argument in inspect.signature(hook).parameters:
        assert f"{argument}: " in text, argument
    if "None" not in str(inspect.signature(hook).return_annotation):
        assert "Returns:" in text
    assert typing.cast("str", inspect.signature(hook).return_annotation)


def test_the_examples_put_together_are_a_plugin() -> None:
    """Whoever copies them gets a plugin that loads: names and arguments are those that exist."""
    plugin = types.ModuleType("examples")
    for name in HOOKS:
        for example in doctest.DocTestParser().get_examples(
            inspect.getdoc(getattr(specs, name)) or ""
        ):
            exec(example.source, {"hookimpl": hookimpl}, vars(plugin))  # noqa: S102 - our own docstrings
    manager = pluggy.PluginManager("jobsched")
    manager.add_hookspecs(specs)
    manager.register(plugin)
    manager.check_pending()
    assert sorted(one.name for one in manager.get_hookcallers(plugin) or ()) == sorted(HOOKS)
