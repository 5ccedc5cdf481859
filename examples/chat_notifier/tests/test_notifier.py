"""The chat hears of the chosen ends, once each."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError, URLError

import pytest
from conftest import Chat
from marshmallow import ValidationError

from jobsched.contracts.change import Change
from jobsched.domain.job import JobId
from jobsched_chat_notifier import jobsched_job_changed
from jobsched_chat_notifier.config import ChatNotifierSchema
from jobsched_chat_notifier.message import message


def change(state: str, was: str = "finishing", reason: str = "", attempt: int = 1) -> Change:
    """Make a change of a job to a state."""
    return Change(
        id="1-0",
        job=JobId("j" * 32),
        rev=9,
        at=datetime(2026, 11, 23, tzinfo=UTC),
        was=was,
        state=state,
        reason=reason,
        attempt=attempt,
        facts=("Gone",),
    )


def tell(changed: Change, url: str, **section: Any) -> None:
    """Tell the plugin, as the core does."""
    config = {"chat_notifier": ChatNotifierSchema().load({"url": url, **section})}
    jobsched_job_changed(changed, config)


def test_a_failed_job_is_told(chat: Chat) -> None:
    """The message is the JSON that chats take."""
    tell(change("failed", reason="exited"), chat.url)
    assert chat.heard == [{"type": "application/json", "text": f"job {'j' * 32} failed: exited"}]


@pytest.mark.parametrize(
    "silent",
    [change("finished"), change("cancelled"), change("finishing", was="running", reason="exited")],
    ids=lambda one: one.state,
)
def test_what_is_not_chosen_is_not_told(chat: Chat, silent: Change) -> None:
    """By default nothing but a failure is worth a message, once it is final."""
    tell(silent, chat.url)
    assert chat.heard == []


def test_other_ends_can_be_chosen(chat: Chat) -> None:
    """The configuration names them."""
    for state in ("finished", "failed", "cancelled"):
        tell(change(state), chat.url, on=["finished", "cancelled"])
    assert [one["text"].split()[-1] for one in chat.heard] == ["finished", "cancelled"]


def test_a_change_after_the_end_is_not_told_again(chat: Chat) -> None:
    """Only the change into the end is told."""
    tell(change("failed", was="failed"), chat.url)
    assert chat.heard == []


def test_the_message_names_a_later_attempt() -> None:
    """Who retries wants to know how often."""
    assert message(change("failed", reason="oom", attempt=3)).endswith("failed: oom, in attempt 3")


def test_a_chat_that_refuses_is_an_error_without_its_url(chat: Chat) -> None:
    """The core logs it; the URL is a secret."""
    chat.status = 403
    with pytest.raises(HTTPError) as refused:
        tell(change("failed"), chat.url)
    assert str(refused.value) == "HTTP Error 403: Forbidden"


def test_a_silent_chat_is_given_up() -> None:
    """The time-out of the configuration ends it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/secret"
        with pytest.raises((URLError, TimeoutError)) as given_up:
            tell(change("failed"), url, timeout="50ms")
    assert "timed out" in str(given_up.value)
    assert "secret" not in str(given_up.value)


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ({}, "Missing data"),
        ({"url": "file:///etc/passwd"}, "Not a valid URL"),
        ({"url": "http://localhost/hook", "on": ["ended"]}, "Must be one of: finished"),
        ({"url": "http://localhost/hook", "timeout": "soon"}, "no duration"),
    ],
)
def test_what_cannot_be_used_is_told(section: dict[str, object], sentence: str) -> None:
    """`jobsched config check` shows these sentences."""
    with pytest.raises(ValidationError, match=sentence):
        ChatNotifierSchema().load(section)
