"""Posting to a chat's webhook."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def post(url: str, text: str, timeout: timedelta) -> None:
    """Post one message; blocks until the chat has answered.

    Raises:
        OSError: it does not answer within the time-out, or with an error. The sentence does not
            hold the URL, which is a secret.
    """
    body = json.dumps({"text": text}).encode()
    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - see config.py
    try:
        urlopen(request, timeout=timeout.total_seconds()).close()  # noqa: S310 - the same
    except HTTPError as refused:
        with refused:  # it holds the connection
            raise
