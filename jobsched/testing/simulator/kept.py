"""Worlds that once broke a promise, kept in a file so that they are tried for ever."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from jobsched.errors import InvalidInput
from jobsched.testing.simulator.run import Failed
from jobsched.testing.simulator.world import Setting


class _World(Schema):
    """One of them."""

    class Meta:
        unknown = EXCLUDE

    seed = fields.Integer(required=True)
    jobs = fields.Integer(required=True, validate=validate.Range(min=1))
    heat = fields.Float(load_default=1.0)
    lossy = fields.Boolean(load_default=False)


def read(file: Path) -> list[tuple[int, Setting]]:
    """Read seeds and settings; none where there is no such file yet.

    Raises:
        InvalidInput: it is not such a file.
    """
    if not file.exists():
        return []
    return [_world(one) for one in _lines(file)]


def add(file: Path, failed: Iterable[Failed]) -> int:
    """Add worlds that are not in it yet; give how many. May be repeated."""
    known = read(file)
    new = [one for one in failed if (one.seed, one.setting) not in known]
    if new:
        lines = [*(_lines(file) if file.exists() else []), *map(_line, new)]
        written = ",\n".join(f"  {json.dumps(one)}" for one in lines)
        file.write_text(f"[\n{written}\n]\n", encoding="utf-8")
    return len(new)


def _line(one: Failed) -> dict[str, Any]:
    """Say which world it is, and which promise it broke first."""
    setting = {
        name: value
        for name, value in dataclasses.asdict(one.setting).items()
        if name in _World().fields
    }
    return {"seed": one.seed, **setting, "broke": one.violations[0]}


def _world(line: dict[str, Any]) -> tuple[int, Setting]:
    try:
        loaded = _World().load(line)
    except ValidationError as error:
        raise InvalidInput(f"not a world of the simulator: {line}") from error
    return loaded.pop("seed"), Setting(**loaded)


def _lines(file: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInput(f"{file} is not JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidInput(f"{file} is not a list of worlds")
    return found


__all__ = ["add", "read"]
