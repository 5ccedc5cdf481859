"""Routes that plugins bring."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from jobsched.contracts.services import Services
from jobsched.errors import BadHookResult, PluginLoadFailed
from jobsched.hooks.load import load
from jobsched.hooks.routes import collect_routes
from tests.distributions import Distributions

SERVICES = cast("Services", object())


@pytest.fixture(name="installed")
def make_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Distributions:
    """Plugins of this test."""
    return Distributions(tmp_path, monkeypatch)


def collected(installed: Distributions, body: str) -> Any:
    """Ask a plugin with this body."""
    code = f"""
        from jobsched.errors import ConfigError

        @hookimpl
        def jobsched_routes(services):
            {body}
    """
    installed.install("acme", code)
    return collect_routes(load(["acme"]), SERVICES)


def test_routes_are_kept_by_plugin(installed: Distributions) -> None:
    """What a plugin brings is found under its name."""
    assert collected(installed, "return ['route']") == {"acme": ["route"]}


def test_a_plugin_with_routes_sees_its_own_sections(installed: Distributions) -> None:
    """It is given what it brought the schema of, and nothing else."""
    code = """
        from marshmallow import Schema, fields

        class Acme(Schema):
            price = fields.Integer()

        @hookimpl
        def jobsched_config_schemas():
            return {"acme": Acme}

        @hookimpl
        def jobsched_routes(config):
            return [config]
    """
    installed.install("acme", code)
    plugins = replace(load(["acme"]), config={"acme": {"price": 3}, "secrets": {"a": "b"}})
    assert collect_routes(plugins, SERVICES) == {"acme": [{"acme": {"price": 3}}]}


@pytest.mark.parametrize(
    ("body", "error", "sentence"),
    [
        ("return 1", BadHookResult, "gave int; it must give a list of routes"),
        ("raise KeyError('x')", PluginLoadFailed, "KeyError: 'x'"),
        ("raise ConfigError('no price list')", PluginLoadFailed, "no price list"),
    ],
)
def test_a_broken_plugin_is_named(
    installed: Distributions, body: str, error: type[Exception], sentence: str
) -> None:
    """Rubbish and failures stop the start, with the plugin, the hook and the reason."""
    with pytest.raises(error, match=f"acme.jobsched_routes: .*{sentence}"):
        collected(installed, body)
