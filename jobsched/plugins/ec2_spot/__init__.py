"""The provider ``ec2_spot``: a fresh machine of Amazon EC2 for each launch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from jobsched import hookimpl
from jobsched.contracts.callback import CallbackAction
from jobsched.contracts.check import Check
from jobsched.contracts.provider import Provider
from jobsched.contracts.services import Services
from jobsched.plugins.ec2_spot.config import Ec2SpotSchema
from jobsched.plugins.ec2_spot.interruption import Interrupt, Rebalance
from jobsched.plugins.ec2_spot.settings import Settings

#: The version of the plugin API that this was written for.
JOBSCHED_API = 1


@hookimpl
def jobsched_config_schemas() -> dict[str, type[Schema]]:
    """Bring the schema of the section ``ec2_spot``."""
    return {"ec2_spot": Ec2SpotSchema}


@hookimpl
def jobsched_providers(
    config: Mapping[str, Mapping[str, Any]], services: Services
) -> list[Provider]:
    """Bring the provider. The SDK of AWS is loaded here, and not for a look at the settings."""
    from jobsched.plugins.ec2_spot.provider import Ec2SpotProvider  # noqa: PLC0415 - 0.4 s

    return [Ec2SpotProvider(services, Settings.of(config["ec2_spot"]))]


@hookimpl
def jobsched_callback_actions() -> list[CallbackAction]:
    """Bring what a machine's agent says when EC2 takes the machine back, or may."""
    return [Interrupt(), Rebalance()]


@hookimpl
def jobsched_checks(config: Mapping[str, Mapping[str, Any]], services: Services) -> list[Check]:
    """Bring what ``jobsched doctor --ec2`` looks at."""
    from jobsched.plugins.ec2_spot.checks import checks_of  # noqa: PLC0415 - 0.4 s

    return checks_of(services, Settings.of(config["ec2_spot"]))


__all__ = [
    "JOBSCHED_API",
    "Ec2SpotSchema",
    "jobsched_callback_actions",
    "jobsched_checks",
    "jobsched_config_schemas",
    "jobsched_providers",
]
