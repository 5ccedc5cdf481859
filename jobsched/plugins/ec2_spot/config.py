"""The configuration section ``ec2_spot``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from jobsched.schemas.duration import Duration


class Words(fields.List[str]):
    """A list of words; or one text with commas in it, as an environment variable gives it."""

    def __init__(self, **settings: Any) -> None:
        word = fields.String(validate=validate.Length(min=1))
        super().__init__(word, load_default=list, **settings)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[str | None]:
        if isinstance(value, str):
            value = [word.strip() for word in value.split(",") if word.strip()]
        return super()._deserialize(value, attr, data, **kwargs)


def _described(text: str) -> dict[str, str]:
    return {"description": text}


class Ec2SpotSchema(Schema):
    """What can be set for machines of EC2; what is left out is looked up at AWS or by its SDK."""

    class Meta:
        """Settings of marshmallow."""

        unknown = RAISE

    region = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1),
        metadata=_described("AWS region; without one, what the AWS SDK finds"),
    )
    endpoint_url = fields.Url(
        load_default=None,
        allow_none=True,
        schemes={"http", "https"},
        require_tld=False,
        metadata=_described("another address of the EC2 API, for tests"),
    )
    subnets = Words(metadata=_described("ids of subnets; without any, those of the default VPC"))
    security_groups = Words(metadata=_described("ids of security groups"))
    instance_types = Words(metadata=_described("types to choose from, best first"))
    callback_url = fields.Url(
        load_default=None,
        allow_none=True,
        schemes={"http", "https"},
        require_tld=False,
        metadata=_described("where machines reach the API"),
    )
    key_name = fields.String(
        load_default=None,
        allow_none=True,
        metadata=_described("name of a key pair, to log in by SSH"),
    )
    instance_profile = fields.String(
        load_default=None,
        allow_none=True,
        metadata=_described("name or ARN of the machines' instance profile"),
    )
    on_demand = fields.String(
        load_default="fallback",
        validate=validate.OneOf(["never", "fallback", "always"]),
        metadata=_described("whether on-demand machines are taken too"),
    )
    max_price = fields.Decimal(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=Decimal(0), min_inclusive=False),
        metadata=_described("most that a spot machine may cost, in US dollars an hour"),
    )
    lead = Duration(
        load_default=timedelta(minutes=3),
        metadata=_described("how long before its start a job's machine is asked for"),
    )
    alive = fields.Integer(
        load_default=20,
        allow_none=True,
        validate=validate.Range(min=1),
        metadata=_described("machines alive at one time"),
    )
    hourly = fields.Integer(
        load_default=100,
        allow_none=True,
        validate=validate.Range(min=1),
        metadata=_described("launches in any one hour"),
    )


__all__ = ["Ec2SpotSchema", "Words"]
