"""The configuration section ``ec2_spot`` after it was checked, with types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

#: ``never``: spot only; ``fallback``: spot, then on-demand; ``always``: on-demand only
OnDemand = Literal["never", "fallback", "always"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator can set; each is described in :mod:`jobsched.plugins.ec2_spot.config`."""

    region: str | None = None
    endpoint_url: str | None = None
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    worker_source: tuple[str, ...] = ()
    public_address: bool = False
    instance_types: tuple[str, ...] = ()
    image: str | None = None
    disk_gib: int = 30
    disk_device: str = "/dev/xvda"
    callback_url: str | None = None
    key_name: str | None = None
    instance_profile: str | None = None
    on_demand: OnDemand = "fallback"
    #: US dollars an hour
    max_price: Decimal | None = None
    #: instance type → US dollars an hour
    on_demand_prices: Mapping[str, Decimal] = field(default_factory=dict)
    lead: timedelta = timedelta(minutes=3)
    alive: int | None = 20
    hourly: int | None = 100
    per_second: float | None = 2.0

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> Settings:
        """Make it of the section as the schema loaded it."""
        lists = {key: tuple(value) for key, value in section.items() if isinstance(value, list)}
        return cls(**{**section, **lists})


__all__ = ["OnDemand", "Settings"]
