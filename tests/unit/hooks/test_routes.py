"""Routes that plugins bring."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from jobsched.contracts.services import Services
from jobsched.errors import BadHookResult, DuplicateName, PluginLoadFailed
from jobsched.hooks.load import Plugins, load
from jobsched.hooks.routes import Routes, collect_routes
from tests.distributions import Distributions

SERVICES = cast("Services", object())


@pytest.fixture(name="installed")
def make_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Distributions:
    """Plugins of this test."""
    return Distributions(tmp_path, monkeypatch)


def collected(installed: Distributions, body: str) -> tuple[Routes, Plugins]:
    """Ask a plugin with this body."""
    code = f"""
        from aiohttp import web
        from jobsched.errors import ConfigError

        async def show(request): ...

        @hookimpl
        def jobsched_routes(services):
            {body}
    """
    installed.install("acme", code)
    return collect_routes(load(["acme"]), SERVICES)


def test_routes_are_kept_by_plugin_and_reported(installed: Distributions) -> None:
    """What a plugin brings is found under its name, and its address is told."""
    routes, plugins = collected(
        installed, "return [web.get('/price', show), web.post('/price', show)]"
    )
    assert [route.path for route in routes["acme"]] == ["/price", "/price"]
    (acme,) = plugins.report.loaded
    assert acme.brings["routes"] == ("GET /plugins/acme/price", "POST /plugins/acme/price")


def test_a_plugin_with_routes_sees_its_own_sections(installed: Distributions) -> None:
    """It is given what it brought the schema of, and nothing else."""
    code = """
        from marshmallow import Schema, fields

        seen = []

        class Acme(Schema):
            price = fields.Integer()

        @hookimpl
        def jobsched_config_schemas():
            return {"acme": Acme}

        @hookimpl
        def jobsched_routes(config):
            seen.append(config)
            return []
    """
    module = installed.install("acme", code)
    plugins = replace(load(["acme"]), config={"acme": {"price": 3}, "secrets": {"a": "b"}})
    collect_routes(plugins, SERVICES)
    assert sys.modules[module].seen == [{"acme": {"price": 3}}]


@pytest.mark.parametrize(
    ("body", "error", "sentence"),
    [
        ("return 1", BadHookResult, "gave int; it must give a list of routes"),
        ("return ['/price']", BadHookResult, "gave a list with str; a route is made as by"),
        ("return [web.static('/price', '/')]", BadHookResult, "gave a list with StaticDef"),
        ("return [web.get('price', show)]", BadHookResult, "the path 'price' must begin with /"),
        ("return [web.get('/price', show)] * 2", DuplicateName, "two routes GET /plugins/acme/pri"),
        ("raise KeyError('x')", PluginLoadFailed, "KeyError: 'x'"),
        ("raise ConfigError('no price list')", PluginLoadFailed, "no price list"),
    ],
)
def test_a_broken_plugin_is_named(
    installed: Distributions, body: str, error: type[Exception], sentence: str
) -> None:
    """Rubbish and failures stop the start, with the plugin, the hook and the reason."""
    routes, plugins = collected(installed, body)
    assert routes == {}
    with pytest.raises(error, match=f"acme.jobsched_routes: .*{sentence}"):
        plugins.report.check()


def test_an_async_hook_is_refused(installed: Distributions) -> None:
    """Nobody waits at start: what an async hook would bring is not lost without a word."""
    installed.install("acme", "@hookimpl\nasync def jobsched_routes():\n    return []\n")
    _, plugins = collect_routes(load(["acme"]), SERVICES)
    with pytest.raises(BadHookResult, match="must not be async"):
        plugins.report.check()
