"""Every error as ``application/problem+json`` (RFC 9457); the one place that knows its status."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from marshmallow import ValidationError

from jobsched import errors, log
from jobsched.schemas.error import by_field
from jobsched.web.keys import REQUEST_ID

_log = log.get("jobsched.web")

#: the tree of errors → status; the first class that fits counts
STATUS: Final[tuple[tuple[type[errors.JobschedError], HTTPStatus], ...]] = (
    (errors.InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.Unauthorised, HTTPStatus.UNAUTHORIZED),
    (errors.NotFound, HTTPStatus.NOT_FOUND),
    (errors.Refused, HTTPStatus.CONFLICT),
    (errors.Gone, HTTPStatus.GONE),
    (errors.Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.OperationFailed, HTTPStatus.SERVICE_UNAVAILABLE),
)
#: headers that clients of these statuses need
HEADERS: Final[Mapping[HTTPStatus, Mapping[str, str]]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="jobsched"'},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "2"},
    # what is left of the body is not read: the connection cannot be used again
    HTTPStatus.REQUEST_TIMEOUT: {"Connection": "close"},
}
#: what to do about the errors that aiohttp raises itself
ADVICE: Final[Mapping[int, str]] = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method; Allow says which.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large: send less.",
    HTTPStatus.EXPECTATION_FAILED: "The only expectation that can be met is 100-continue.",
}


class Rejected(Exception):
    """The request cannot be read, or may not be made: an error of the web alone."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into a problem; of what nobody expected only an id is told."""
    try:
        return await handler(request)
    except Rejected as error:
        return problem(request, error.status, error.detail)
    except ValidationError as error:
        invalid = errors.InvalidInput("Some fields are wrong.", errors=by_field(error.messages))
        return of_tree(request, invalid)
    except errors.JobschedError as error:
        return of_tree(request, error)
    except web.HTTPException as error:
        return of_aiohttp(request, error)
    except Exception:  # noqa: BLE001 - whatever it is, the answer is a problem document, and it is logged
        _log.exception("request.failed", request=request[REQUEST_ID])
        detail = "Something went wrong here; the log tells more under this id."
        return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def of_tree(request: web.Request, error: errors.JobschedError) -> web.Response:
    """Answer an error of the tree."""
    for kind, status in STATUS:
        if isinstance(error, kind):
            fields = error.errors if isinstance(error, errors.InvalidInput) else None
            return problem(request, status, error.message, fields=fields)
    # a ConfigError or PluginError after the start is a bug
    _log.error("request.failed", request=request[REQUEST_ID], exc_info=error)
    detail = "Something went wrong here; the log tells more under this id."
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def of_aiohttp(request: web.Request, error: web.HTTPException) -> web.Response:
    """Answer an error that aiohttp raised: no such route, method not allowed, body too large."""
    status = HTTPStatus(error.status)
    answer = problem(request, status, ADVICE.get(status, status.description or status.phrase))
    if "Allow" in error.headers:
        answer.headers["Allow"] = error.headers["Allow"]
    return answer


def problem(
    request: web.Request,
    status: HTTPStatus,
    detail: str,
    *,
    fields: Mapping[str, Sequence[str]] | None = None,
) -> web.Response:
    """Make the answer."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
    }
    if fields:
        body["errors"] = {name: list(sentences) for name, sentences in fields.items()}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        body["id"] = request[REQUEST_ID]
    return web.Response(
        body=json.dumps(body).encode(),
        status=status,
        headers=HEADERS.get(status),
        content_type="application/problem+json",
    )


__all__ = ["STATUS", "Rejected", "of_aiohttp", "of_tree", "problem", "problems"]
