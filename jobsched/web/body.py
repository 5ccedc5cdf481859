"""Read a JSON body: strictly, within a size and a time."""

from __future__ import annotations

import asyncio
import json
import math
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError

from jobsched.web.errors import Rejected
from jobsched.web.keys import BODY_TIME

#: objects and lists within each other
DEEPEST: Final = 32


async def read_json(request: web.Request, *, most: int | None = None) -> Any:
    """Give the body of the request.

    Args:
        request: the request.
        most: bytes, where that is less than the application takes (``client_max_size``).

    Raises:
        Rejected: 400, 408, 413 or 415.
    """
    if request.content_type != "application/json":
        raise Rejected(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, with Content-Type: application/json."
        )
    raw = await _read(request)
    if most is not None and len(raw) > most:
        raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=len(raw))
    return parse(raw)


async def _read(request: web.Request) -> bytes:
    limit = request.app[BODY_TIME].total_seconds()
    try:
        async with asyncio.timeout(limit):
            return await request.read()
    except TimeoutError:
        detail = f"The body did not arrive within {limit:g} seconds."
        raise Rejected(HTTPStatus.REQUEST_TIMEOUT, detail) from None
    except (RequestPayloadError, ConnectionError):
        raise Rejected(HTTPStatus.BAD_REQUEST, "The body broke off or is badly encoded.") from None


def parse(raw: bytes) -> Any:
    """Read JSON as RFC 8259 has it: UTF-8, no NaN, no name twice in an object.

    Raises:
        Rejected: 400, with what is wrong.
    """
    try:
        value = json.loads(
            raw.decode(),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError:
        raise _bad("it is not UTF-8") from None
    except RecursionError:
        raise _bad("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _bad(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError as error:
        # of our own hooks below, or of int() for a number of thousands of digits
        raise _bad(str(error) if isinstance(error, _Refused) else "a number is too long") from None
    _check(value)
    return value


class _Refused(ValueError):
    """One of the hooks refuses a value."""


def _bad(why: str) -> Rejected:
    return Rejected(HTTPStatus.BAD_REQUEST, f"The body is no valid JSON: {why}.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("an object has the same name twice")
    return found


def _no_constant(name: str) -> None:
    raise _Refused(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Refused("a number is too large")
    return number


def _check(value: Any) -> None:
    """Refuse nesting that would break whoever walks the value, and strings that are no Unicode."""
    waiting = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, dict | list):
            if depth > DEEPEST:
                raise _bad("it is nested too deeply")
            waiting.extend((inner, depth + 1) for inner in item)
            if isinstance(item, dict):
                waiting.extend((inner, depth + 1) for inner in item.values())


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _bad("a string holds half of a surrogate pair") from None


__all__ = ["DEEPEST", "parse", "read_json"]
