"""Read a scenario file: TOML, with one sentence for each thing that is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from jobsched.errors import InvalidInput
from jobsched.schemas.error import by_field
from jobsched.testing.simulator.scenario.scenario import Scenario
from jobsched.testing.simulator.scenario.schema import ScenarioTable


def read(file: Path) -> Scenario:
    """Read a file.

    Raises:
        InvalidInput: it cannot be read, is no TOML, or says something wrong; by key.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} is no text in UTF-8") from error
    try:
        return loaded(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{file} is no TOML: {error}") from error
    except InvalidInput as error:
        raise InvalidInput(f"{file} is no scenario:", errors=error.errors) from error


def loaded(found: Mapping[str, Any]) -> Scenario:
    """Check what a file holds.

    Raises:
        InvalidInput: something is wrong; by key (``jobs.0.count``: of the first group).
    """
    try:
        scenario: Scenario = ScenarioTable().load(found)
    except ValidationError as error:
        raise InvalidInput("this is no scenario", errors=by_field(error.messages)) from error
    return scenario


__all__ = ["loaded", "read"]
