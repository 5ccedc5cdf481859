"""A planner that starts jobs only in a nightly window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from jobsched import hookimpl
from jobsched.contracts.planner import Planner
from jobsched_night_window.config import NightWindowSchema
from jobsched_night_window.planner import NightWindow
from jobsched_night_window.window import Window


@hookimpl
def jobsched_config_schemas() -> dict[str, type[Schema]]:
    """Bring the schema of the section ``night_window``."""
    return {NightWindow.name: NightWindowSchema}


@hookimpl
def jobsched_planners(config: Mapping[str, Mapping[str, Any]]) -> list[Planner]:
    """Bring the planner, with the window of the configuration."""
    return [NightWindow(Window(**config[NightWindow.name]))]
