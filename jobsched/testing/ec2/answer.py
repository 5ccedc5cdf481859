"""Answers as HTTP carries them, errors among them in the words of each protocol."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from jobsched.testing.ec2.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def error(protocol: str, refusal: Refusal) -> Answer:
    """Write an error.

    Args:
        protocol: `ec2`, `query` or `json`.
        refusal: what is wrong.
    """
    code, message = escape(refusal.code), escape(refusal.message)
    number = secrets.token_hex(16)
    if protocol == "ec2":
        body = f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        body += f"</Errors><RequestID>{number}</RequestID></Response>"
    elif protocol == "query":
        body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
        body += f"<Message>{message}</Message></Error><RequestId>{number}</RequestId>"
        body += "</ErrorResponse>"
    else:
        return of_json({"__type": refusal.code, "message": refusal.message}, refusal.status)
    kind = {"Content-Type": "text/xml;charset=UTF-8"}
    return Answer(status=refusal.status, body=body.encode(), headers=kind)


def of_json(value: object, status: int = 200) -> Answer:
    """Write a value as JSON."""
    kind = {"Content-Type": "application/x-amz-json-1.1"}
    return Answer(status=status, body=json.dumps(value).encode(), headers=kind)


__all__ = ["Answer", "error", "of_json"]
