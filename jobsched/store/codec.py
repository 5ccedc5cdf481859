"""A job as JSON, and back.

What is empty (``None``, ``""``, ``()``, ``{}``, ``0``, ``False``) is left out, where that is the
field's default. Any other default is written, so that a later version with another default reads
what was meant.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from jobsched.domain.job import SCHEMA, Job, Limits
from jobsched.errors import NewerRecord, UnreadableRecord

_EMPTY: tuple[Any, ...] = (None, "", (), 0, False)
#: makes a field of a struct out of a dataclass' field and its translated type
_Field = Callable[[dataclasses.Field[Any], Any], tuple[Any, ...]]


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
        read = _decoder.decode(document)
        msgspec.structs.force_setattr(read.spec, "limits", _limits(bytes(read.spec.limits)))
        return msgspec.convert(read, Job, from_attributes=True)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableRecord(f"The record cannot be read: {error}") from error


@functools.lru_cache(maxsize=64)
def _limits(document: bytes) -> Limits:
    """Read limits, once: most jobs have those of the configuration, word for word."""
    return msgspec.convert(_limits_decoder.decode(document), Limits, from_attributes=True)


def _twin(source: type[Any], known: dict[type[Any], Any], to_field: _Field) -> Any:
    """Make a struct with the fields of a dataclass; the domain knows nothing of msgspec.

    msgspec leaves out defaults of its own structs only when it writes, and fills those that were
    left out ten times faster in them when it reads.
    """
    if source not in known:
        hints = get_type_hints(source)
        fields = [
            to_field(field, _translate(hints[field.name], known, to_field))
            for field in dataclasses.fields(source)
        ]
        known[source] = msgspec.defstruct(
            source.__name__, fields, kw_only=True, frozen=True, omit_defaults=True
        )
    return known[source]


def _to_write(field: dataclasses.Field[Any], hint: Any) -> tuple[Any, ...]:
    """Give it a default, which is left out, only if that is empty."""
    if field.default_factory is dict:
        return field.name, hint, msgspec.field(default_factory=dict)
    if any(field.default is empty for empty in _EMPTY):
        return field.name, hint, field.default
    return field.name, hint


def _to_read(field: dataclasses.Field[Any], hint: Any) -> tuple[Any, ...]:
    """Give it the default that it has: an earlier version may not have known the field."""
    if hint is msgspec.Raw:
        return field.name, hint, msgspec.Raw(b"{}")
    if field.default is dataclasses.MISSING:
        return _to_write(field, hint)
    return field.name, hint, field.default


def _translate(hint: Any, known: dict[type[Any], Any], to_field: _Field) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _twin(hint, known, to_field)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return Union[tuple(_translate(one, known, to_field) for one in inner)]  # noqa: UP007  built at run time
    if origin is tuple and inner[-1] is Ellipsis:
        # Looked up, as mypy takes what stands in brackets for a type that it can see.
        return tuple.__class_getitem__((_translate(inner[0], known, to_field), ...))
    if any(dataclasses.is_dataclass(one) for one in inner if one is not NoneType):
        raise TypeError(f"the codec does not know how to write {hint}")
    return hint


_as_written = _twin(Job, {}, _to_write)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_twin(Job, {Limits: msgspec.Raw}, _to_read))
_limits_decoder = msgspec.json.Decoder(_twin(Limits, {}, _to_read))

__all__ = ["decode", "encode"]
