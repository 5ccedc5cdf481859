"""The application is one table of routes, and what plugins bring."""

from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from jobsched.engine.parts import Parts
from jobsched.errors import BadHookResult
from jobsched.web.app import ROUTES, create_app
from tests.unit.web import kit


def test_the_routes_are_those_of_the_design(parts: Parts) -> None:
    """The seed's five routes and those beside them are there, and no other."""
    app = create_app(parts, token=None, host="localhost", port=1)

    served = {
        (route.method, route.resource.canonical) for route in app.router.routes() if route.resource
    }

    assert {pair for pair in served if pair[0] != "HEAD"} == {
        ("POST", "/schedule"),
        ("GET", "/list"),
        ("GET", "/status/{id}"),
        ("POST", "/callback"),
        ("GET", "/healthcheck"),
        ("GET", "/readiness"),
        ("POST", "/cancel/{id}"),
        ("POST", "/abandon/{id}"),
        ("GET", "/logs/{id}"),
        ("GET", "/plugins"),
        ("GET", "/providers"),
        ("POST", "/providers/{name}/resume"),
        ("POST", "/providers/{name}/reap"),
    }
    assert len(ROUTES) == 13


@pytest.fixture
async def with_plugin(parts: Parts, aiohttp_client: Any) -> Any:
    """An API with a token and the routes of a plugin."""

    async def show(_: web.Request) -> web.Response:
        return web.Response(text="42")

    async def fail(_: web.Request) -> web.Response:
        raise RuntimeError("a bug of a plugin")

    routes = {"acme": [web.get("/price", show), web.get("/fail", fail)]}
    return await aiohttp_client(
        create_app(parts, token=kit.TOKEN, host="localhost", port=1, plugin_routes=routes)
    )


async def _show(_: web.Request) -> web.Response:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("routes", "sentence"),
    [
        ([web.get("/{", _show)], "GET /{ is no route: Invalid path"),
        ([web.route("*", "/a", _show), web.get("/a", _show)], "GET /a is no route: .*already"),
    ],
)
async def test_a_route_that_cannot_be_served_names_its_plugin(
    parts: Parts, routes: list[web.RouteDef], sentence: str
) -> None:
    """What aiohttp refuses stops the start with the plugin's name, not with a traceback."""
    with pytest.raises(BadHookResult, match=f"plugin acme.jobsched_routes: {sentence}"):
        create_app(parts, token=None, host="localhost", port=1, plugin_routes={"acme": routes})


async def test_routes_of_plugins_stand_behind_the_token(with_plugin: Any) -> None:
    """A plugin's route is served under its name, and needs the API's token as any other."""
    without = await with_plugin.get("/plugins/acme/price")
    answer = await with_plugin.get("/plugins/acme/price", headers=kit.bearer())

    assert (without.status, answer.status, await answer.text()) == (401, 200, "42")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_bug_in_a_plugins_route_is_a_problem(with_plugin: Any) -> None:
    """A plugin's route that fails answers as any other bug: with an id, without a trace."""
    with capture_logs():
        answer = await with_plugin.get("/plugins/acme/fail", headers=kit.bearer())

    assert (answer.status, answer.content_type) == (500, "application/problem+json")
    assert "a bug of a plugin" not in await answer.text()


async def test_head_is_answered_as_get_without_a_body(parts: Parts, aiohttp_client: Any) -> None:
    """A check that asks with HEAD is answered."""
    api = await aiohttp_client(create_app(parts, token=None, host="localhost", port=1))

    answer = await api.head("/healthcheck")

    assert (answer.status, await answer.text()) == (200, "")
