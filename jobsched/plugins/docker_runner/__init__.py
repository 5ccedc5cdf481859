"""The runner ``docker_runner``: containers on a Docker Engine, of this host or over TLS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from jobsched import hookimpl
from jobsched.contracts.check import Check
from jobsched.contracts.runner import Runner
from jobsched.contracts.services import Services
from jobsched.plugins.docker_runner.checks import NamedCertificates
from jobsched.plugins.docker_runner.config import DockerRunnerSchema, Settings
from jobsched.plugins.docker_runner.options import OptionsSchema
from jobsched.plugins.docker_runner.runner import DockerRunner

#: The version of the plugin API that this was written for.
JOBSCHED_API = 1


@hookimpl
def jobsched_config_schemas() -> dict[str, type[Schema]]:
    """Bring the schema of the section ``docker_runner``."""
    return {DockerRunner.name: DockerRunnerSchema}


@hookimpl
def jobsched_runners(config: Mapping[str, Mapping[str, Any]], services: Services) -> list[Runner]:
    """Bring the runner; no engine is spoken to before its first use."""
    settings = Settings.of(config[DockerRunner.name], services.ca_dir)
    return [DockerRunner(settings, services)]


@hookimpl
def jobsched_checks(config: Mapping[str, Mapping[str, Any]], services: Services) -> list[Check]:
    """Bring what ``jobsched doctor`` looks at."""
    settings = Settings.of(config[DockerRunner.name], services.ca_dir)
    return [NamedCertificates(settings, services.ca_dir)]


__all__ = [
    "JOBSCHED_API",
    "DockerRunner",
    "DockerRunnerSchema",
    "OptionsSchema",
    "Settings",
    "jobsched_checks",
    "jobsched_config_schemas",
    "jobsched_runners",
]
