"""What is logged of requests, and what every answer carries."""

from typing import Any

import structlog
from aiohttp.test_utils import TestClient
from structlog.testing import capture_logs

from jobsched.web.access import HEADERS
from tests.unit.web import kit

Api = TestClient[Any, Any]


async def test_every_answer_carries_the_security_headers(api: Api) -> None:
    """Good and bad answers carry the same security headers, and an id."""
    answers = [
        await api.get("/healthcheck"),
        await api.get("/nowhere"),
        await api.get("/list"),
        await api.post("/schedule", data=b"{"),
    ]

    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["X-Request-Id"]


async def test_the_answer_does_not_tell_what_it_is_made_with(api: Api) -> None:
    """No version of a library is told."""
    answer = await api.get("/healthcheck")

    assert answer.headers["Server"] == "jobsched"


async def test_a_request_is_logged_once_without_headers_or_query(guarded: Api) -> None:
    """The log line has method, route, status and time, and nothing that could be secret."""
    with capture_logs() as logged:
        await guarded.get(f"/status/{kit.ID}?secret=CANARY", headers=kit.bearer())

    (line,) = [one for one in logged if one["event"] == "request.handled"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/status/{id}", 404)
    assert line["milliseconds"] >= 0
    assert "CANARY" not in str(logged)
    assert kit.TOKEN not in str(logged)


async def test_what_is_logged_inside_knows_the_request_and_the_job(
    api: Api, store: kit.FakeStore
) -> None:
    """The request's id and the job's are bound, and forgotten before the next request."""
    merge = structlog.contextvars.merge_contextvars
    with capture_logs(processors=[merge]) as logged:
        answer = await api.post("/schedule", json=kit.BODY)
        made = (await answer.json())["id"]
        await api.get("/list")

    first, second = [one for one in logged if one["event"] == "request.handled"]
    assert made == first["job"]
    assert "job" not in second
    assert answer.headers["X-Request-Id"] == first["request"] != second["request"]


async def test_line_breaks_in_an_address_stay_out_of_the_log(api: Api) -> None:
    """What a client writes into an address cannot forge a line of the log."""
    with capture_logs() as logged:
        await api.get("/nowhere%0aforged")

    assert "forged" not in str(logged)
