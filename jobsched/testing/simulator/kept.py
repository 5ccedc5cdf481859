"""Worlds that once broke a promise, kept in a file so that they are tried for ever."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from jobsched.errors import InvalidInput
from jobsched.testing.simulator.run import Failed
from jobsched.testing.simulator.world import Setting


class _World(Schema):
    """One of them."""

    seed = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    jobs = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    heat = fields.Float(load_default=1.0, validate=validate.Range(min=0))
    lossy = fields.Boolean(load_default=False)
    #: for people
    broke = fields.String()


def read(file: Path) -> list[tuple[int, Setting]]:
    """Read seeds and settings; none where there is no such file yet.

    Raises:
        InvalidInput: it is not such a file, or cannot be read.
    """
    return [_world(one, file) for one in _lines(file)]


def add(file: Path, failed: Iterable[Failed]) -> list[str]:
    """Add worlds that are not in it yet; give their lines. May be repeated.

    Others may add to it at the same time, and who reads it finds it whole.

    Raises:
        InvalidInput: it is not such a file, or cannot be written.
    """
    with _writing(file):
        known = set(read(file))
        new = {(one.seed, one.setting): _line(one) for one in failed}
        lines = [line for world, line in new.items() if world not in known]
        if lines:
            _replace(file, [*map(json.dumps, _lines(file)), *lines])
    return lines


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    """Keep others from adding meanwhile: they wait for its folder, as the file is replaced."""
    try:
        folder = os.open(file.resolve().parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error


def _replace(file: Path, lines: Sequence[str]) -> None:
    """Write it beside, and put it in its place."""
    file = file.resolve()
    beside = file.with_name(f".{file.name}.new")
    written = ",\n".join(f"  {one}" for one in lines)
    beside.write_text(f"[\n{written}\n]\n", encoding="utf-8")
    beside.replace(file)


def _line(one: Failed) -> str:
    """Say which world it is, and which promise it broke first."""
    setting = {
        name: value
        for name, value in dataclasses.asdict(one.setting).items()
        if name in _World().fields
    }
    return json.dumps({"seed": one.seed, **setting, "broke": one.violations[0]})


def _world(line: dict[str, Any], file: Path) -> tuple[int, Setting]:
    try:
        loaded = _World().load(line)
    except ValidationError as error:
        wrong = "; ".join(f"{name}: {' '.join(why)}" for name, why in error.messages_dict.items())
        raise InvalidInput(f"{file} has no world in {json.dumps(line)}: {wrong}") from error
    loaded.pop("broke", None)
    return loaded.pop("seed"), Setting(**loaded)


def _lines(file: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InvalidInput(f"{file} is not JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidInput(f"{file} is not a list of worlds")
    return found


__all__ = ["add", "read"]
