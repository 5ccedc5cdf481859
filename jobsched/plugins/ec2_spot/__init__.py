"""The plugin ``ec2_spot``: so far its configuration section only; it brings no provider yet."""

from __future__ import annotations

from marshmallow import Schema

from jobsched import hookimpl
from jobsched.plugins.ec2_spot.config import Ec2SpotSchema

#: The version of the plugin API that this was written for.
JOBSCHED_API = 1


@hookimpl
def jobsched_config_schemas() -> dict[str, type[Schema]]:
    """Bring the schema of the section ``ec2_spot``."""
    return {"ec2_spot": Ec2SpotSchema}


__all__ = ["JOBSCHED_API", "Ec2SpotSchema", "jobsched_config_schemas"]
