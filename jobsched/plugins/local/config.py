"""The configuration section ``local``."""

from __future__ import annotations

import os
from datetime import timedelta

from marshmallow import RAISE, Schema, fields, validate

from jobsched.schemas.duration import Duration

USUAL_SOCKET = "unix:///var/run/docker.sock"


def docker_host() -> str:
    """Give the engine that Docker's own tools would use: ``DOCKER_HOST``, else the usual socket."""
    return os.environ.get("DOCKER_HOST") or USUAL_SOCKET


class LocalSchema(Schema):
    """What can be set for this machine."""

    class Meta:
        """Settings of marshmallow."""

        unknown = RAISE

    #: URL of the Docker Engine of this machine
    docker_host = fields.String(
        load_default=docker_host,
        validate=validate.Length(min=1),
        metadata={"description": "URL of the Docker Engine of this machine"},
    )
    #: how many launches this machine serves at one time
    alive = fields.Integer(
        load_default=16,
        validate=validate.Range(min=1),
        metadata={"description": "launches that this machine serves at one time"},
    )
    #: how long before its start a container is created
    lead = Duration(
        load_default=timedelta(seconds=5),
        metadata={"description": "how long before its start a container is created"},
    )


__all__ = ["USUAL_SOCKET", "LocalSchema", "docker_host"]
