"""What every error looks like from outside: RFC 9457, ``application/problem+json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jobsched.schemas.field import Dictionary, Strict, Text, TextList, Whole


class Problem(Strict):
    """An error."""

    type = Text(required=True, metadata={"description": "Always about:blank: the status says it."})
    title = Text(required=True, metadata={"description": "The status in words."})
    status = Whole(required=True, metadata={"description": "The status again."})
    detail = Text(required=True, metadata={"description": "What is wrong and what to do."})
    errors = Dictionary(
        keys=Text(),
        values=TextList(Text()),
        metadata={"description": "Field (retry.on.0) to sentences, where fields are wrong."},
    )
    id = Text(metadata={"description": "Id of the request; the log has more under it."})


def by_field(messages: Any) -> dict[str, list[str]]:
    """Flatten marshmallow's nested messages to ``field.path`` → sentences."""
    found: dict[str, list[str]] = {}
    for path, sentence in _walk(messages, ()):
        found.setdefault(".".join(path) or "body", []).append(sentence)
    return found


def _walk(messages: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            # "_schema" is marshmallow's word for the object itself
            yield from _walk(inner, path if key == "_schema" else (*path, str(key)))
    elif isinstance(messages, list):
        for inner in messages:
            yield from _walk(inner, path)
    else:
        yield path, str(messages)


__all__ = ["Problem", "by_field"]
