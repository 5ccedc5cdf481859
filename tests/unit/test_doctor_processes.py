"""What the doctor makes of the API's door, of arq's settings, and of how machines call back."""

from __future__ import annotations

import dataclasses
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import pytest

from jobsched import bootstrap
from jobsched.bootstrap.doctor import callback
from jobsched.bootstrap.doctor.callback import Callback
from jobsched.bootstrap.doctor.local import Secret
from jobsched.bootstrap.doctor.strength import is_strong
from jobsched.config import Config
from jobsched.contracts.check import Finding
from jobsched.web import check as web_check
from jobsched.web.check import Aiohttp, ApiToken
from jobsched.worker import check as worker_check
from jobsched.worker.check import Arq, wrong_in
from jobsched.worker.settings import arq_options

STRONG = "0123456789abcdef" * 2


def configured(folder: Path, **environ: str) -> Config:
    """Read a configuration."""
    return bootstrap.configure(environ={"JOBSCHED_DATA_DIR": str(folder), **environ})


@pytest.mark.parametrize(
    ("secret", "strong"),
    [
        ("0123456789abcdef" * 2, True),
        ("0123456789abcdef" * 2 + "0", True),
        ("0123456789abcdef" * 1 + "01234567", False),
        ("abcdefghijklmnopqrstuvwxy", True),
        ("Abcdefghijklmnopqrst", False),
        ("Abcdefghijklmnopqrst-", True),
        ("12345678" * 4, False),
        ("a" * 100, False),
        ("changeme" * 10, False),
    ],
)
def test_how_hard_a_secret_is_to_guess(secret: str, *, strong: bool) -> None:
    """By its length and alphabet; what repeats few characters is not random."""
    assert is_strong(secret) is strong


@pytest.mark.parametrize(
    ("host", "token", "verdict"),
    [
        ("127.0.0.1", "", "pass"),
        ("0.0.0.0", "", "fail"),  # noqa: S104 - nothing is bound
        ("0.0.0.0", STRONG, "pass"),  # noqa: S104
        ("0.0.0.0", "a-token-of-words", "fail"),  # noqa: S104
        ("127.0.0.1", "a-token-of-words", "warn"),
        ("api.example.com", "", "fail"),
    ],
)
async def test_the_api_asks_others_for_a_token(
    tmp_path: Path, host: str, token: str, verdict: str
) -> None:
    """Of 128 bits, and the sentence shows none of it."""
    config = configured(tmp_path, JOBSCHED_API_HOST=host, JOBSCHED_API_TOKEN=token)
    found = await ApiToken(config).look()
    assert found.verdict == verdict, found
    assert not token or token not in found.sentence


@pytest.mark.parametrize(("secret", "verdict"), [(STRONG, "pass"), ("changeme" * 5, "fail")])
async def test_a_secret_that_can_be_tried_out_fails(
    tmp_path: Path, secret: str, verdict: str
) -> None:
    """All tokens of machines are made from it."""
    config = configured(tmp_path, JOBSCHED_SECRET=secret, JOBSCHED_DEPLOYMENT="acme")
    assert (await Secret(config).look()).verdict == verdict


@pytest.mark.parametrize(
    ("version", "parser", "verdict", "words"),
    [
        ("3.14.4", True, "pass", "C parser"),
        ("3.15.0", True, "pass", "C parser"),
        ("3.14.3", True, "warn", "known advisories"),
        ("3.9.5", True, "warn", "install 3.14.4 or later"),
        ("3.14.5", False, "warn", "AIOHTTP_NO_EXTENSIONS"),
    ],
)
async def test_a_server_of_requests_with_advisories_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, version: str, *, parser: bool, verdict: str, words: str
) -> None:
    """And one without its C parser."""
    monkeypatch.setattr(aiohttp, "__version__", version)
    monkeypatch.setattr(web_check, "has_c_parser", lambda: parser)
    found = await Aiohttp().look()
    assert (found.verdict, words in found.sentence) == (verdict, True), found


def test_the_parser_is_looked_for_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extension aiohttp takes the one in Python."""
    assert web_check.has_c_parser()
    from aiohttp import http_parser

    monkeypatch.setattr(http_parser, "HttpRequestParser", http_parser.HttpRequestParserPy)
    assert not web_check.has_c_parser()


async def test_arqs_settings_are_as_the_worker_needs_them(tmp_path: Path) -> None:
    """As they are in this version."""
    found = await Arq(configured(tmp_path)).look()
    assert (found.verdict, "JSON" in found.sentence) == ("pass", True), found


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("job_serializer", None, "pickle"),
        ("job_deserializer", None, "pickle"),
        ("keep_result", 3600, "keep_result"),
        ("job_timeout", 300, "job_timeout"),
        ("job_timeout", None, "job_timeout"),
        ("max_tries", 1000, "max_tries"),
        ("max_tries", 0, "max_tries"),
    ],
)
async def test_a_setting_of_arq_that_is_wrong_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, words: str
) -> None:
    """Each by its name."""
    options = {**arq_options(configured(tmp_path), "redis://127.0.0.1"), name: value}
    monkeypatch.setattr(worker_check, "arq_options", lambda *_: options)
    found = await Arq(configured(tmp_path)).look()
    assert (found.verdict, words in found.sentence) == ("fail", True), found


@pytest.mark.parametrize("change", [{"keep_result_s": 60}, {"timeout_s": 61}, {"timeout_s": None}])
def test_a_task_with_settings_of_its_own_is_looked_at(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    """They win over the worker's."""
    options = arq_options(configured(tmp_path), "redis://127.0.0.1")
    task = dataclasses.replace(options["functions"][0], **change)
    assert len(wrong_in({**options, "functions": [task]})) == 1


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers with what the test wants."""

    answer: ClassVar[tuple[int, bytes]] = (200, b"live")

    def do_GET(self) -> None:
        """Answer."""
        code, said = self.answer
        self.send_response(code)
        self.end_headers()
        self.wfile.write(said if self.path == "/api/healthcheck" else b"another path")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of something that answers."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setattr(Answers, "answer", (200, b"live"))
    yield f"http://127.0.0.1:{server.server_port}/api/callback"
    server.shutdown()
    thread.join()
    server.server_close()


async def called(folder: Path, url: str, *providers: str) -> Finding:
    """Look at how machines call back."""
    config = configured(folder, JOBSCHED_CALLBACK_URL=url)
    return await Callback(config, providers).look()


async def test_machines_that_reach_the_api_are_well(tmp_path: Path, api: str) -> None:
    """And where none is made for a job, nothing is asked."""
    assert (await called(tmp_path, api, "acme")).verdict == "pass"
    assert "not needed" in (await called(tmp_path, "")).sentence


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        ((200, b"<html>"), "fail", "no API of jobsched"),
        ((403, b""), "fail", "answers 403"),
        ((302, b""), "fail", "answers 302"),
    ],
)
async def test_what_answers_in_the_apis_place_fails(
    tmp_path: Path,
    api: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    answer: tuple[int, bytes],
    verdict: str,
    words: str,
) -> None:
    """A proxy that lets nobody through, or another site."""
    monkeypatch.setattr(Answers, "answer", answer)
    found = await called(tmp_path, api, "acme")
    assert (found.verdict, words in found.sentence) == (verdict, True), found


@pytest.mark.parametrize(
    ("url", "verdict", "words"),
    [
        ("", "warn", "set callback_url"),
        ("https://example.invalid/api", "fail", "/callback"),
        ("http://127.0.0.1:1/callback", "warn", "does not answer from here"),
        ("https://name.invalid/callback", "warn", "does not answer from here"),
    ],
)
async def test_an_address_that_leads_nowhere_is_told(
    tmp_path: Path, url: str, *, verdict: str, words: str
) -> None:
    """It is asked from here, and machines stand elsewhere."""
    found = await called(tmp_path, url, "acme")
    assert (found.verdict, words in found.sentence) == (verdict, True), found


async def test_tokens_in_clear_are_warned_of(
    tmp_path: Path, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through networks of others."""
    monkeypatch.setattr(callback, "is_local", lambda _: False)
    found = await called(tmp_path, api, "acme")
    assert (found.verdict, "in clear" in found.sentence) == ("warn", True), found
