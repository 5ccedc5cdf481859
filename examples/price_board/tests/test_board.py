"""The route tells the board, and the command shows what the route tells."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import click
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from click.testing import CliRunner
from marshmallow import ValidationError

from jobsched.client import NoServer
from jobsched_price_board import jobsched_commands, jobsched_config_schemas, jobsched_routes

BOARD = {
    "currency": "EUR",
    "prices": [{"machine": "small", "hourly": 0.02}, {"machine": "large", "hourly": 0.08}],
}


def loaded(section: dict[str, Any]) -> Any:
    """Read a section of the configuration, as the core does."""
    return {name: schema().load(section) for name, schema in jobsched_config_schemas().items()}


def asked(section: dict[str, Any]) -> Any:
    """Serve the plugin's routes, and ask for the prices."""

    async def ask() -> Any:
        app = web.Application()
        app.add_routes(jobsched_routes(loaded(section)))
        async with TestClient(TestServer(app)) as client, client.get("/prices") as answer:
            return await answer.json()

    return asyncio.run(ask())


@pytest.fixture
def server() -> Iterator[str]:
    """A jobsched that answers with the board; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_allowed = self.headers["Authorization"] == "Bearer the-token"
            is_found = is_allowed and self.path == "/plugins/price_board/prices"
            self.send_response(200 if is_found else 404)
            self.end_headers()
            self.wfile.write(json.dumps(BOARD).encode())

        def log_message(self, *said: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


def typed(*words: str, url: str) -> str:
    """Type `jobsched prices`; give what it prints."""
    cli = click.Group()
    jobsched_commands(cli)
    environment = {"JOBSCHED_URL": url, "JOBSCHED_TOKEN": "the-token"}
    said = CliRunner().invoke(cli, ["prices", *words], env=environment, catch_exceptions=False)
    assert said.exit_code == 0
    return said.output


def test_the_route_tells_the_cheapest_first() -> None:
    """As configured, in the order that people look for."""
    assert asked({"currency": "EUR", "prices": {"large": 0.08, "small": 0.02}}) == BOARD


def test_without_a_section_the_board_is_empty() -> None:
    """The plugin works as soon as it is named."""
    assert asked({}) == {"currency": "USD", "prices": []}


def test_the_command_shows_the_board(server: str) -> None:
    """A line a machine, for people."""
    assert typed(url=server) == "    0.0200 EUR  small\n    0.0800 EUR  large\n"


def test_the_command_gives_json(server: str) -> None:
    """An object a line, for programs."""
    assert [json.loads(line) for line in typed("--json", url=server).splitlines()] == [
        {"machine": "small", "hourly": 0.02, "currency": "EUR"},
        {"machine": "large", "hourly": 0.08, "currency": "EUR"},
    ]


def test_no_server_is_left_to_jobsched_to_tell() -> None:
    """Its error has the sentence for the user."""
    with pytest.raises(NoServer, match="no server answers at"):
        typed(url="http://127.0.0.1:1")


@pytest.mark.parametrize("prices", [{"small": -1}, {"small": "cheap"}, {"": 1}, [0.02]])
def test_what_is_no_price_is_refused(prices: object) -> None:
    """`jobsched config check` tells it."""
    with pytest.raises(ValidationError, match="prices"):
        loaded({"prices": prices})
