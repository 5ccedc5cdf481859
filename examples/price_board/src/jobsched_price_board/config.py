"""The configuration section ``price_board``."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class PriceBoardSchema(Schema):
    """What is on the board."""

    currency = fields.String(
        load_default="USD",
        validate=validate.Length(min=1),
        metadata={"description": "What the prices are in."},
    )
    prices = fields.Dict(
        fields.String(validate=validate.Length(min=1)),
        fields.Float(validate=validate.Range(min=0)),
        load_default=dict,
        metadata={"description": "Machine to its price an hour: { small = 0.02 }."},
    )
