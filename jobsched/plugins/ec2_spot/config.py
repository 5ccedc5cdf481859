"""The configuration section ``ec2_spot``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from jobsched.plugins.ec2_spot.everybody import is_everybody
from jobsched.schemas.duration import Duration

#: the name of an instance type: ``m7i.large``, ``u-6tb1.56xlarge``
INSTANCE_TYPE: Final = validate.Regexp(
    r"[a-z0-9][a-z0-9-]{0,30}\.[a-z0-9][a-z0-9-]{0,30}\Z",
    error="Write an instance type, as m7i.large.",
)
#: EC2 refuses a bid of less ("CreateFleet", ``MaxPrice``)
LEAST_PRICE: Final = Decimal("0.001")


class Words(fields.List[str]):
    """A list of words; or one text with commas in it, as an environment variable gives it."""

    def __init__(self, *rules: Any, **settings: Any) -> None:
        word = fields.String(validate=[validate.Length(min=1), *rules])
        super().__init__(word, load_default=list, **settings)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[str | None]:
        if isinstance(value, str):
            value = [word.strip() for word in value.split(",") if word.strip()]
        return super()._deserialize(value, attr, data, **kwargs)


class PriceList(fields.Dict):
    """US dollars an hour by instance type; or one text, as an environment variable gives it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            keys=fields.String(validate=INSTANCE_TYPE),
            values=fields.Decimal(validate=validate.Range(min=Decimal(0), min_inclusive=False)),
            load_default=dict,
            **settings,
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[Any, Any]:
        if isinstance(value, str):
            value = dict(word.partition("=")[::2] for word in re.split(r"[,\s]+", value) if word)
        loaded: dict[Any, Any] = super()._deserialize(  # type: ignore[no-untyped-call] # theirs
            value, attr, data, **kwargs
        )
        return loaded


def _is_source(word: str) -> None:
    """Take the id of a security group, or a range of addresses.

    Raises:
        ValidationError: it is neither.
    """
    if re.fullmatch(r"sg-[0-9a-z]{1,32}", word):
        return
    try:
        ipaddress.ip_network(word)
    except ValueError as error:
        raise ValidationError(
            "Write the id of a security group (sg-…) or a range of addresses, as 10.0.0.0/16."
        ) from error


def canonical(word: str) -> str:
    """Write a range of addresses as EC2 does, so that it is known again. Pure."""
    return word if word.startswith("sg-") else str(ipaddress.ip_network(word))


class Sources(Words):
    """Ids of security groups, and ranges of addresses as EC2 writes them; never everybody."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(_is_source, **settings)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[str | None]:
        words = super()._deserialize(value, attr, data, **kwargs)
        sources = [canonical(word) for word in words if word]
        if is_everybody(sources):
            raise ValidationError(
                "That admits everybody to the Docker Engine's port: write the workers' own "
                "security group (sg-…) or addresses, as 10.0.0.0/16."
            )
        return list(dict.fromkeys(sources))


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
        metadata=_described(
            "another address for all services of AWS (EC2, SSM, price list), for tests"
        ),
    )
    subnets = Words(metadata=_described("ids of subnets; without any, those of the default VPC"))
    security_groups = Words(
        metadata=_described("ids of the machines' security groups; without any, one is made")
    )
    worker_source = Sources(
        metadata=_described(
            "who reaches machines of a security group that is made: the workers' security groups "
            "(sg-…) or ranges of addresses, and never all addresses"
        ),
    )
    public_address = fields.Boolean(
        load_default=False,
        metadata=_described("reach machines at their public addresses; else at the private ones"),
    )
    instance_types = Words(
        INSTANCE_TYPE,
        metadata=_described(
            "types to choose from, best first; without any, whatever fits a job's resources"
        ),
    )
    image = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(
            r"(ami-[0-9a-f]{8,32}|/?[A-Za-z0-9_.{}/-]{1,1000})\Z",
            error="Write an AMI's id or the name of an SSM parameter.",
        ),
        metadata=_described(
            "AMI, or SSM parameter that names one ({arch} becomes x86_64 or arm64); without one, "
            "the newest ECS-optimized Amazon Linux 2023"
        ),
    )
    disk_gib = fields.Integer(
        load_default=30,
        validate=validate.Range(min=1, max=16384),
        metadata=_described("size of a machine's disk; at least that of the image's snapshot"),
    )
    disk_device = fields.String(
        load_default="/dev/xvda",
        validate=validate.Regexp(r"/?[a-z0-9/]{1,32}\Z", error="Write a device, as /dev/xvda."),
        metadata=_described("the image's own name for its root device"),
    )
    callback_url = fields.Url(
        load_default=None,
        allow_none=True,
        schemes={"http", "https"},
        require_tld=False,
        metadata=_described(
            "where machines reach POST /callback, if it is not the deployment's own callback_url"
        ),
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
        metadata=_described(
            "on-demand machines: never (spot only), fallback (spot, then on-demand), always "
            "(on-demand only)"
        ),
    )
    max_price = fields.Decimal(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=LEAST_PRICE, min_inclusive=False),
        metadata=_described("most that a spot machine may cost, in US dollars an hour"),
    )
    on_demand_prices = PriceList(
        metadata=_described(
            "what on-demand machines cost, in US dollars an hour by type; else AWS is asked"
        ),
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
    # The refill of RunInstances' bucket of machines ("Request throttling for the Amazon EC2 API"):
    # more than that a second is refused sooner or later. The page names no other for CreateFleet.
    per_second = fields.Float(
        load_default=2.0,
        allow_none=True,
        validate=validate.Range(min=0, min_inclusive=False, max=1000),
        metadata=_described("launches a second, of all workers together"),
    )


__all__ = ["INSTANCE_TYPE", "LEAST_PRICE", "Ec2SpotSchema", "PriceList", "Sources", "Words"]
