"""The log: one format for everybody, and no secret in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from jobsched import log


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Give the logging of the test run back as it was."""
    root = logging.getLogger()
    quiet = [logging.getLogger(name) for name in ("aiohttp.access", "botocore")]
    handlers, level, levels = list(root.handlers), root.level, [one.level for one in quiet]
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for one, before in zip(quiet, levels, strict=True):
        one.setLevel(before)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Read what was logged."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_lines_and_those_of_others_have_one_format() -> None:
    """A line of arq, written by the standard library, is an object as ours is."""
    stream = io.StringIO()
    log.configure({}, stream)
    log.get("jobsched.part").info("job.recorded", rev=3)
    logging.getLogger("arq.worker").info("%d jobs", 7)
    ours, theirs = lines(stream)
    assert (ours["event"], ours["rev"], ours["logger"]) == ("job.recorded", 3, "jobsched.part")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("7 jobs", "arq.worker", "info")
    assert ours.keys() - {"rev"} == theirs.keys()


def test_context_is_bound_to_all_lines_within() -> None:
    """Inner code passes no ids, and lines of others carry them too."""
    stream = io.StringIO()
    log.configure({}, stream)
    with structlog.contextvars.bound_contextvars(job="a1"):
        log.get("x").info("job.recorded")
        logging.getLogger("y").warning("hm")
    assert [line["job"] for line in lines(stream)] == ["a1", "a1"]


def test_secrets_are_masked_at_any_depth() -> None:
    """Fields that are named like secrets show that they were set, and no more."""
    stream = io.StringIO()
    log.configure({}, stream)
    log.get("x").info(
        "web.asked",
        api_token="hunter2",
        headers={"Authorization": "hunter2", "Accept": "*/*"},
        logins=[{"PASSWORD": "hunter2"}],
        secret="",
        monkey="seen",
    )
    logging.getLogger("y").warning("hm", extra={"client_secret": "hunter2"})
    assert "hunter2" not in stream.getvalue()
    first, second = lines(stream)
    assert (first["api_token"], first["secret"], first["monkey"]) == ("***", "", "seen")
    assert first["headers"] == {"Authorization": "***", "Accept": "*/*"}
    assert second["client_secret"] == "***"


def test_a_traceback_tells_no_local_variables() -> None:
    """Neither format prints the values that a function had when it failed."""
    for chosen in ("json", "text"):
        stream = io.StringIO()
        log.configure({"JOBSCHED_LOG_FORMAT": chosen}, stream)
        _fail_with(stream, "hunter" + "2")
        assert "ZeroDivisionError" in stream.getvalue()
        assert "hunter2" not in stream.getvalue()


def _fail_with(stream: io.StringIO, password: str) -> None:
    try:
        assert password
        _ = 1 / 0
    except ZeroDivisionError:
        log.get("x").exception("job.failed")


def test_configure_may_be_repeated() -> None:
    """Each line comes once, also when arq has hung up its own handler meanwhile."""
    stream = io.StringIO()
    log.configure({}, stream)
    logging.getLogger("arq").addHandler(logging.StreamHandler(stream))
    log.configure({}, stream)
    logging.getLogger("arq").warning("once")
    assert [line["event"] for line in lines(stream)] == ["once"]


def test_the_level_is_set_by_the_environment() -> None:
    """JOBSCHED_LOG_LEVEL counts for ours and for others; nonsense is the usual level."""
    for level, expected in (("debug", 2), ("warning", 0), ("nonsense", 1), ("", 1)):
        stream = io.StringIO()
        log.configure({"JOBSCHED_LOG_LEVEL": level}, stream)
        log.get("x").debug("a.b")
        log.get("x").info("c.d")
        assert expected == len(lines(stream)), level


def test_text_is_for_people() -> None:
    """JOBSCHED_LOG_FORMAT=text gives one readable line, without colours off a terminal."""
    stream = io.StringIO()
    log.configure({"JOBSCHED_LOG_FORMAT": "text"}, stream)
    log.get("x").info("job.recorded", rev=3)
    assert "job.recorded" in stream.getvalue()
    assert "rev=3" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("name", ["aiohttp.access", "botocore.credentials"])
def test_a_talkative_library_says_what_is_wrong_only(name: str) -> None:
    """A line for each request, or for each client of AWS, would drown the rest."""
    stream = io.StringIO()
    log.configure({}, stream)
    logging.getLogger(name).info("canary")
    logging.getLogger(name).warning("trouble")
    assert ("canary" in stream.getvalue(), "trouble" in stream.getvalue()) == (False, True)
