"""What a job may ask of EC2: ``options.ec2_spot``. All of it narrows what is configured."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate

from jobsched.plugins.ec2_spot.config import INSTANCE_TYPE, LEAST_PRICE

#: types that one job may name; with one subnet in each of six zones a fleet's pools stay below 300
MOST_TYPES = 50


class OptionsSchema(Schema):
    """Settings of one job's machine."""

    class Meta:
        """Settings of marshmallow."""

        unknown = RAISE

    instance_types = fields.List(
        fields.String(validate=INSTANCE_TYPE),
        validate=validate.Length(min=1, max=MOST_TYPES),
        metadata={"description": "types to choose from, best first, out of the configured ones"},
    )
    on_demand = fields.String(
        validate=validate.OneOf(["never", "fallback", "always"]),
        metadata={
            "description": "on-demand machines: never (spot only), fallback (spot, then "
            "on-demand), always (on-demand only)"
        },
    )
    max_price = fields.Decimal(
        validate=validate.Range(min=LEAST_PRICE, min_inclusive=False),
        metadata={
            "description": "most that a spot machine may cost, in US dollars an hour; the lower "
            "of this and the configured one counts"
        },
    )


__all__ = ["MOST_TYPES", "OptionsSchema"]
