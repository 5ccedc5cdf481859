"""A job as JSON, and back.

What is empty (``None``, ``""``, ``()``, ``{}``, ``0``, ``False``) is left out, where that is the
field's default. Any other default is written, so that a later version with another default reads
what was meant.
"""

from __future__ import annotations

import dataclasses
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from jobsched.domain.job import SCHEMA, Job
from jobsched.errors import NewerRecord, UnreadableRecord

_EMPTY: tuple[Any, ...] = (None, "", (), 0, False)


def encode(job: Job) -> bytes:
    """Give the document of a job.

    Raises:
        TypeError: a plugin's own part of it holds something that is not JSON.
    """
    return _encoder.encode(msgspec.convert(job, _as_written, from_attributes=True))


def decode(document: bytes, schema: int = SCHEMA) -> Job:
    """Read a document whose schema version is known from elsewhere.

    Raises:
        NewerRecord: it needs a newer version of jobsched; nothing of it was looked at.
        UnreadableRecord: it is broken.
    """
    if schema > SCHEMA:
        raise NewerRecord(
            f"The record needs a version of jobsched that reads schema {schema};"
            f" this one reads {SCHEMA}."
        )
    try:
        return _decoder.decode(document)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableRecord(f"The record cannot be read: {error}") from error


def _twin(source: type[Any], known: dict[type[Any], Any]) -> Any:
    """Make a struct with the fields of a dataclass, which leaves its empty fields out.

    msgspec can leave out defaults of its own structs only, and the domain knows nothing of msgspec.
    """
    if source not in known:
        hints = get_type_hints(source)
        fields = [
            _field(field, _translate(hints[field.name], known))
            for field in dataclasses.fields(source)
        ]
        known[source] = msgspec.defstruct(
            source.__name__, fields, kw_only=True, frozen=True, omit_defaults=True
        )
    return known[source]


def _field(field: dataclasses.Field[Any], hint: Any) -> tuple[Any, ...]:
    if field.default_factory is dict:
        return field.name, hint, msgspec.field(default_factory=dict)
    if any(field.default is empty for empty in _EMPTY):
        return field.name, hint, field.default
    return field.name, hint


def _translate(hint: Any, known: dict[type[Any], Any]) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _twin(hint, known)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return Union[tuple(_translate(one, known) for one in inner)]  # noqa: UP007  built at run time
    if origin is tuple and inner[-1] is Ellipsis:
        # Looked up, as mypy takes what stands in brackets for a type that it can see.
        return tuple.__class_getitem__((_translate(inner[0], known), ...))
    if any(dataclasses.is_dataclass(one) for one in inner if one is not NoneType):
        raise TypeError(f"the codec does not know how to write {hint}")
    return hint


_as_written = _twin(Job, {})
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Job)

__all__ = ["decode", "encode"]
