"""Other sites' pages cannot use a browser on this machine."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.unit.web import kit

Api = TestClient[Any, Any]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8080", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:8080", 200),
        ("[::1]", 200),
        ("evil.example", 403),
        ("evil.example:8080", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example:80", 403),
        ("192.168.0.7:8080", 403),
        ("localhost:8080@evil.example", 403),
        ("", 403),
    ],
)
async def test_foreign_names_of_this_host_are_refused(api: Api, host: str, status: int) -> None:
    """Without a token only names of loopback are served: a rebound name is refused."""
    answer = await api.get("/list", headers={"Host": host})

    assert status == answer.status


async def test_with_a_token_any_name_is_served(guarded: Api) -> None:
    """Where a token guards the API, it may have any name."""
    answer = await guarded.get("/list", headers={"Host": "jobs.example", **kit.bearer()})

    assert answer.status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://localhost:8080"}, 200),
        ({"Origin": "http://localhost:8081"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
    ],
)
async def test_pages_of_other_origins_change_nothing(
    api: Api, store: kit.FakeStore, headers: dict[str, str], status: int
) -> None:
    """A POST that a browser sends for another origin's page is refused before anything is done."""
    answer = await api.post(
        "/schedule", json=kit.BODY, headers={"Host": "localhost:8080", **headers}
    )

    assert status == answer.status
    assert (status == 200) == bool(store.jobs)
