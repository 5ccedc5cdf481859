"""Every error is a problem document with its status."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from structlog.testing import capture_logs

from jobsched import errors
from jobsched.engine.parts import Parts
from jobsched.schemas.error import Problem
from jobsched.web.app import create_app
from tests.unit.web import kit

Api = TestClient[Any, Any]
JSON = {"Content-Type": "application/json"}


async def problem_of(answer: Any, status: int) -> dict[str, Any]:
    """Check that an answer is a problem document of that status, and give it."""
    text = await answer.text()
    assert status == answer.status, text
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = json.loads(text)
    assert Problem().validate(body) == {}
    assert (status, "about:blank") == (body["status"], body["type"])
    assert "Traceback" not in text
    return body


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", "/schedule", {"data": b"{", "headers": JSON}, 400),
        ("POST", "/schedule", {"data": b"", "headers": JSON}, 400),
        ("POST", "/schedule", {"data": b'{"a": NaN}', "headers": JSON}, 400),
        ("POST", "/schedule", {"data": b'{"a": 1, "a": 2}', "headers": JSON}, 400),
        ("POST", "/schedule", {"data": b'"\xff"', "headers": JSON}, 400),
        ("POST", "/schedule", {"data": b"[" * 100_000, "headers": JSON}, 400),
        (
            "POST",
            "/schedule",
            {"data": b"\x1f\x8b", "headers": JSON | {"Content-Encoding": "gzip"}},
            400,
        ),
        ("GET", "/nowhere", {}, 404),
        ("GET", "/status/short", {}, 404),
        ("GET", "/status/..%2f..%2fetc%2fpasswd", {}, 404),
        ("GET", f"/status/{kit.ID}%0a", {}, 404),
        ("GET", f"/status/{kit.ID[:-1]}é", {}, 404),
        ("GET", f"/status/{kit.ID}", {}, 404),
        ("GET", f"/logs/{kit.ID}", {}, 404),
        ("POST", f"/cancel/{kit.ID}", {}, 404),
        ("POST", f"/abandon/{kit.ID}", {}, 404),
        ("GET", "/schedule", {}, 405),
        ("DELETE", f"/status/{kit.ID}", {}, 405),
        ("OPTIONS", "/schedule", {}, 405),
        ("POST", "/schedule", {"data": b"x" * (256 * 1024 + 1), "headers": JSON}, 413),
        (
            "POST",
            "/callback",
            {"data": b'"' + b"x" * 70_000 + b'"', "headers": JSON | kit.bearer()},
            413,
        ),
        ("POST", "/schedule", {"data": b"{}"}, 415),
        ("POST", "/schedule", {"data": {"schedule": "now"}}, 415),
        ("GET", "/healthcheck", {"headers": {"Expect": "the unexpected"}}, 417),
        ("POST", "/schedule", {"json": {}}, 422),
        ("POST", "/schedule", {"json": []}, 422),
        ("POST", "/schedule", {"json": None, "data": b"null", "headers": JSON}, 422),
        ("GET", "/list?limit=0", {}, 422),
        ("GET", "/list?limit=201", {}, 422),
        ("GET", "/list?limit=" + "9" * 5000, {}, 422),
        ("GET", "/list?limit=1&limit=2", {}, 422),
        ("GET", "/list?status=gone", {}, 422),
        ("GET", "/list?page=2", {}, 422),
        ("GET", f"/logs/{kit.ID}?attempt=x", {}, 422),
        ("POST", "/callback", {"json": {}}, 401),
    ],
)
async def test_each_bad_request_is_answered_with_its_status(
    api: Api, method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    """What cannot be served is answered with a problem document of the right status (A11)."""
    sent = {key: value for key, value in sent.items() if value is not None}

    answer = await api.request(method, path, **sent)

    await problem_of(answer, status)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidInput(errors={"docker_image": ["no"]}), 422),
        (errors.UnknownName("no such provider"), 422),
        (errors.Unauthorised(), 401),
        (errors.NotFound(), 404),
        (errors.UnknownJob(), 404),
        (errors.AlreadyEnded(), 409),
        (errors.IdempotencyConflict(), 409),
        (errors.Gone(), 410),
        (errors.StoreUnavailable(), 503),
        (errors.WrongStore(), 503),
        (errors.UnreadableRecord(), 503),
        (errors.NewerRecord(), 503),
        (errors.LogStoreFailed("store_full"), 503),
        (errors.ConfigError(), 500),
        (errors.BadHookResult("acme", "wrong"), 500),
        (RuntimeError("a bug with a SECRET in it"), 500),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/list"),
        ("GET", f"/status/{kit.ID}"),
        ("GET", f"/logs/{kit.ID}"),
        ("POST", f"/cancel/{kit.ID}"),
        ("POST", f"/abandon/{kit.ID}"),
        ("POST", "/schedule"),
        ("GET", "/readiness"),
    ],
)
async def test_each_error_of_the_tree_has_its_status(
    api: Api, store: kit.FakeStore, *, method: str, path: str, error: Exception, status: int
) -> None:
    """Whatever the store or a verb raises is answered with its class' status, and no trace."""
    store.failure = error

    with capture_logs():
        answer = await api.request(method, path, json=kit.BODY if path == "/schedule" else None)
        body = await problem_of(answer, status)

    assert "SECRET" not in str(body)
    assert store.jobs == {}


@pytest.mark.parametrize("path", ["/status", "/logs", "/cancel", "/abandon"])
@pytest.mark.parametrize("name", ["x" * 31, "x" * 33, "x" * 31 + "-", "x" * 32 + "%0a", "%2e%2e"])
async def test_an_id_of_another_form_never_reaches_the_store(
    api: Api, store: kit.FakeStore, path: str, name: str
) -> None:
    """The router knows the form of an id: nothing else becomes a key or the name of a file."""
    method = "POST" if path in {"/cancel", "/abandon"} else "GET"
    answer = await api.request(method, f"{path}/{name}")

    await problem_of(answer, 404)
    assert store.calls == []


async def test_a_bug_is_logged_under_the_id_that_is_answered(
    api: Api, store: kit.FakeStore
) -> None:
    """The answer to a bug holds an id, and the log holds the trace under that id."""
    store.failure = RuntimeError("a bug")

    with capture_logs() as logged:
        body = await problem_of(await api.get("/list"), 500)

    assert [body["id"]] == [one["request"] for one in logged if one["event"] == "request.failed"]
    assert any(one.get("exc_info") for one in logged)


async def test_redis_down_says_when_to_ask_again(api: Api, store: kit.FakeStore) -> None:
    """While the store does not answer, 503 says when to ask again, and no job is accepted."""
    store.failure = errors.StoreUnavailable()

    answer = await api.post("/schedule", json=kit.BODY)

    await problem_of(answer, 503)
    assert answer.headers["Retry-After"] == "2"
    assert store.jobs == {}


async def test_a_wrong_method_is_told_which_are_right(api: Api) -> None:
    """A 405 names the methods that the address takes."""
    answer = await api.get("/schedule")

    assert answer.headers["Allow"] == "POST"


async def test_each_wrong_field_is_named(api: Api) -> None:
    """A 422 has sentences for each wrong field, by its path."""
    wrong = {
        "schedule": "soon",
        "docker_image": "a",
        "env": ["a=b", "c"],
        "retry": {"on": ["never"]},
    }

    body = await problem_of(await api.post("/schedule", json=wrong | {"image": 1}), 422)

    assert {"schedule", "env.1", "retry.on.0", "image"} == set(body["errors"])


async def test_a_slow_body_is_given_up(api: Api) -> None:
    """A client that does not send its body in time gets a 408 and loses the connection."""
    assert api.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(
        b"POST /schedule HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100\r\n\r\n{"
    )

    answer = await asyncio.wait_for(reader.readuntil(b"}"), 5)
    writer.close()

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer
    assert b"Connection: close" in answer


async def test_a_large_body_is_refused_before_it_is_all_there(
    parts: Parts, aiohttp_client: Any
) -> None:
    """A body without a length that grows too large is refused, not kept."""
    api = await aiohttp_client(create_app(parts, token=None, host="localhost", port=1))

    async def much() -> Any:
        for _ in range(40):
            yield b"x" * 10_000

    answer = await api.post("/schedule", data=much(), headers=JSON)

    await problem_of(answer, 413)
