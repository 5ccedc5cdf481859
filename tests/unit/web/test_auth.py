"""The token guards everything but two routes, and a bind beyond loopback needs it."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from jobsched.errors import ConfigError
from jobsched.web.app import create_app
from jobsched.web.auth import OPEN, check_bind, digest, is_loopback
from tests.unit.web import kit

Api = TestClient[Any, Any]


def routes(app: web.Application) -> Iterator[tuple[str, str]]:
    """Walk the router, so that a new route cannot be forgotten."""
    for route in app.router.routes():
        assert route.resource is not None
        yield route.method, route.resource.canonical


def path_of(canonical: str) -> str:
    """Fill in an id."""
    return canonical.replace("{id}", kit.ID)


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {kit.TOKEN}"},
        {"Authorization": kit.TOKEN},
        {"Authorization": f"Bearer {kit.TOKEN}x"},
        {"Authorization": f"Bearer {kit.TOKEN[:-1]}"},
        {"Authorization": f"Bearer {kit.TOKEN.upper()}"},
        {"Authorization": "Bearer \udcff"},
        {"X-Token": kit.TOKEN},
    ],
)
async def test_no_route_answers_without_the_token(guarded: Api, header: dict[str, str]) -> None:
    """Without the right token every route but the open ones answers 401 and does nothing."""
    for method, canonical in routes(guarded.server.app):  # type: ignore[attr-defined] # the base class has none
        if canonical in OPEN:
            continue
        answer = await guarded.request(method, path_of(canonical), headers=header)
        assert answer.status == 401, (method, canonical)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert guarded_store(guarded).calls == []


def guarded_store(client: Api) -> kit.FakeStore:
    """Give the store behind a client."""
    from jobsched.web.keys import PARTS

    store: Any = client.server.app[PARTS].store  # type: ignore[attr-defined] # the base class has none
    assert isinstance(store, kit.FakeStore)
    return store


async def test_every_route_takes_the_token(guarded: Api) -> None:
    """With the token no route answers 401, but the callback, which has tokens of its own."""
    for method, canonical in routes(guarded.server.app):  # type: ignore[attr-defined] # the base class has none
        answer = await guarded.request(method, path_of(canonical), headers=kit.bearer())
        assert answer.status != 401, (method, canonical)


async def test_the_scheme_may_be_written_in_any_case(guarded: Api) -> None:
    """`bearer` is as good as `Bearer`, as HTTP says."""
    answer = await guarded.get("/list", headers={"Authorization": f"bearer {kit.TOKEN}"})

    assert answer.status == 200


async def test_a_token_in_the_address_is_no_token(guarded: Api) -> None:
    """Tokens are taken from the header only: addresses end up in logs."""
    answer = await guarded.get("/list", params={"token": kit.TOKEN})

    assert answer.status == 401


async def test_without_the_token_nobody_learns_which_routes_there_are(guarded: Api) -> None:
    """An address that does not exist is refused like one that does."""
    answer = await guarded.get("/nowhere")

    assert answer.status == 401


async def test_the_open_routes_need_no_token(guarded: Api) -> None:
    """Life is told to anybody; the callback asks for its own token, not for this one."""
    alive = await guarded.get("/healthcheck")
    called = await guarded.post("/callback", json={}, headers=kit.bearer("of a launch"))

    assert [alive.status, called.status] == [200, 422]


@pytest.mark.parametrize("token", ["", "x", "x" * 10_000, "\udcff", "é"])
def test_hashes_of_tokens_have_one_length(token: str) -> None:
    """What is compared has the same length for every token, so that time tells nothing."""
    assert len(digest(token)) == 32


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("", False),
        (kit.EVERYWHERE, False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
    ],
)
def test_loopback_is_known(host: str, *, expected: bool) -> None:
    """Only addresses that no other machine can reach count as loopback."""
    assert expected == is_loopback(host)


def test_a_bind_beyond_loopback_needs_a_token() -> None:
    """The error names the setting that is missing."""
    with pytest.raises(ConfigError, match="JOBSCHED_API_TOKEN"):
        check_bind(kit.EVERYWHERE, None)
    with pytest.raises(ConfigError, match="JOBSCHED_API_TOKEN"):
        check_bind("", "")


def test_binds_that_are_safe_are_allowed() -> None:
    """Loopback needs no token; with one, any address may be bound."""
    check_bind("127.0.0.1", None)
    check_bind(kit.EVERYWHERE, kit.TOKEN)


def test_no_app_is_made_for_an_unsafe_bind() -> None:
    """The check is part of making the API: nobody can forget it."""
    with pytest.raises(ConfigError):
        create_app(kit.make_parts(kit.FakeStore()), token=None, host=kit.EVERYWHERE, port=80)
