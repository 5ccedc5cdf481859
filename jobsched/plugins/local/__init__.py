"""The provider ``local``: this very machine, lent out once for each launch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from jobsched import hookimpl
from jobsched.contracts.provider import Provider
from jobsched.contracts.services import Services
from jobsched.plugins.local.config import LocalSchema
from jobsched.plugins.local.provider import LocalProvider

#: The version of the plugin API that this was written for.
JOBSCHED_API = 1


@hookimpl
def jobsched_config_schemas() -> dict[str, type[Schema]]:
    """Bring the schema of the section ``local``."""
    return {LocalProvider.name: LocalSchema}


@hookimpl
def jobsched_providers(
    config: Mapping[str, Mapping[str, Any]], services: Services
) -> list[Provider]:
    """Bring this machine."""
    section = config[LocalProvider.name]
    return [
        LocalProvider(
            services,
            docker_host=section["docker_host"],
            alive=section["alive"],
            lead=section["lead"],
        ),
    ]


__all__ = [
    "JOBSCHED_API",
    "LocalProvider",
    "LocalSchema",
    "jobsched_config_schemas",
    "jobsched_providers",
]
