"""What a machine costs an hour, as it was when it was launched."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final

from jobsched.contracts.services import Services
from jobsched.domain.job import Price
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import list_price, spot_price
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.wish import Market

#: market, instance type, and zone or region
_Key = tuple[Market, str, str]

#: EC2 bills by the second, and for a minute at the least ("Amazon EC2 On-Demand Pricing")
AT_LEAST: Final = timedelta(minutes=1)
#: how long a price that was found is believed: spot prices move slowly, list prices hardly ever
KEPT: Final[Mapping[Market, timedelta]] = {
    "spot": timedelta(minutes=5),
    "on-demand": timedelta(days=1),
}
#: how long it is not asked again after no price was had
UNKNOWN_KEPT: Final[Mapping[Market, timedelta]] = {
    "spot": timedelta(minutes=1),
    "on-demand": timedelta(hours=1),
}
#: a price is worth no more: the launch waits for it
PATIENCE: Final = timedelta(seconds=10)


class Prices:
    """Looks prices up: once for many launches of one type in one zone.

    Args:
        aws: the way to EC2 and to the Pricing API.
        services: lends time and log.
        on_demand: instance type → US dollars an hour, from the configuration; asked first.
    """

    def __init__(self, aws: Aws, services: Services, on_demand: Mapping[str, Decimal]) -> None:
        self._aws = aws
        self._clock = services.clock
        self._log = services.log
        self._configured = on_demand
        #: what was asked → until when it counts (seconds that never go back), and what was had
        self._kept: dict[_Key, tuple[float, Decimal | None]] = {}
        self._asking: defaultdict[_Key, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def at_launch(self, *, instance_type: str, zone: str, market: Market) -> Price | None:
        """Give the price now, or None where it cannot be had; never fails. May be repeated.

        Within: 10 seconds.
        """
        if market == "on-demand" and (configured := self._configured.get(instance_type)):
            return Price(per_hour=configured, at_least=AT_LEAST)
        # a list price is the same in all zones of a region
        key = (market, instance_type, zone if market == "spot" else list_price.region_of(zone))
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()), self._asking[key]:
                per_hour = await self._kept_or_asked(key)
        except TimeoutError:
            self._unknown(key, "no answer in time")
            return None
        return None if per_hour is None else Price(per_hour=per_hour, at_least=AT_LEAST)

    async def _kept_or_asked(self, key: _Key) -> Decimal | None:
        if (kept := self._still_kept(key)) is not None:
            return kept[1]
        market, instance_type, where = key
        try:
            if market == "spot":
                per_hour = await spot_price.look_up(
                    self._aws, instance_type, where, now=self._clock.now()
                )
            else:
                per_hour = await list_price.look_up(self._aws, instance_type, where)
            return self._keep(key, _usable(per_hour), KEPT[market])
        except OperationFailed as error:
            self._unknown(key, error.message)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # an answer of another shape than documented costs the price, not the machine
            self._unknown(key, f"{type(error).__name__}: {error}")
        return None

    def _unknown(self, key: _Key, why: str) -> None:
        """Keep that there is none, and say so once, however many launches wait for it."""
        if self._still_kept(key) is None:
            market, instance_type, where = key
            self._log.warning(
                "price.unknown", market=market, type=instance_type, where=where, why=why
            )
            self._keep(key, None, UNKNOWN_KEPT[market])

    def _still_kept(self, key: _Key) -> tuple[float, Decimal | None] | None:
        kept = self._kept.get(key)
        return kept if kept and self._clock.monotonic() < kept[0] else None

    def _keep(self, key: _Key, per_hour: Decimal | None, span: timedelta) -> Decimal | None:
        self._kept[key] = self._clock.monotonic() + span.total_seconds(), per_hour
        return per_hour


def _usable(per_hour: Decimal) -> Decimal:
    if not per_hour.is_finite() or per_hour <= 0:
        raise ValueError(f"a price of {per_hour}")
    return per_hour


__all__ = ["AT_LEAST", "Prices"]
