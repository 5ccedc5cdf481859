"""What a machine costs an hour."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jobsched.domain.job import Price
from jobsched.plugins.ec2_spot import price
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.list_price import region_of
from jobsched.plugins.ec2_spot.price import Prices
from jobsched.plugins.ec2_spot.wish import Market
from jobsched.testing.clock import FakeClock
from jobsched.testing.services import LentServices
from tests.unit.plugins.ec2_spot.stubbed import NOW, StubbedAws, stubbed
from tests.unit.plugins.lent import KeptLog

CONFIGURED = {"m7i.large": Decimal("0.1008")}
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """Prices, over answers that a test prepares."""

    aws: StubbedAws
    prices: Prices
    log: KeptLog
    clock: FakeClock

    async def spot(self, zone: str = "us-east-1a") -> Price | None:
        """The price of a spot machine."""
        return await self.prices.at_launch(instance_type="c7i.large", zone=zone, market="spot")

    async def on_demand(self, zone: str = "us-east-1a") -> Price | None:
        """The price of an on-demand machine that is not configured."""
        return await self.prices.at_launch(instance_type="c7i.large", zone=zone, market="on-demand")


@pytest.fixture
def lent(tmp_path: Path) -> Iterator[Lent]:
    """Prices with one type configured."""
    with stubbed(tmp_path) as (aws, services, log, clock):
        yield Lent(aws=aws, prices=Prices(aws, services, CONFIGURED), log=log, clock=clock)


def history(*prices: str) -> dict[str, Any]:
    """A spot price history; the last of these is the newest."""
    return {
        "SpotPriceHistory": [
            {"SpotPrice": one, "Timestamp": NOW - timedelta(hours=9 - no)}
            for no, one in enumerate(prices)
        ]
    }


def listed(*prices: str, unit: str = "Hrs", currency: str = "USD") -> dict[str, Any]:
    """Products of the Price List API, one for each price."""
    products = [
        {
            "product": {"attributes": {"instanceType": "c7i.large"}},
            "terms": {
                "OnDemand": {
                    "A.B": {
                        "priceDimensions": {
                            "A.B.C": {"unit": unit, "pricePerUnit": {currency: one}}
                        }
                    }
                },
                "Reserved": {
                    "A.D": {
                        "priceDimensions": {
                            "A.D.E": {"unit": unit, "pricePerUnit": {"USD": "0.01"}}
                        }
                    }
                },
            },
        }
        for one in prices
    ]
    return {"FormatVersion": "aws_v1", "PriceList": [json.dumps(one) for one in products]}


async def test_a_spot_price_is_that_of_now(lent: Lent) -> None:
    """The newest price of the type in the zone; a minute is paid for at the least."""
    asked = {
        "InstanceTypes": ["c7i.large"],
        "AvailabilityZone": "us-east-1a",
        "ProductDescriptions": ["Linux/UNIX"],
        "StartTime": NOW,
        "EndTime": NOW,
    }
    lent.aws.answers("describe_spot_price_history", history("0.04", "0.0312"), asked=asked)

    assert await lent.spot() == Price(per_hour=Decimal("0.0312"), at_least=MINUTE)


async def test_many_launches_share_one_look_up(lent: Lent) -> None:
    """Of launches of one type in one zone at one time, one asks; another zone asks for itself."""
    lent.aws.answers("describe_spot_price_history", history("0.04"))
    found = await asyncio.gather(*(lent.spot() for _ in range(50)))
    lent.aws.answers("describe_spot_price_history", history("0.05"))
    found.append(await lent.spot("us-east-1b"))

    assert [one and one.per_hour for one in found] == [*[Decimal("0.04")] * 50, Decimal("0.05")]


async def test_a_spot_price_is_asked_again_after_five_minutes(lent: Lent) -> None:
    """A spot price is kept for five minutes."""
    for per_hour in ("0.04", "0.05"):
        lent.aws.answers("describe_spot_price_history", history(per_hour))
        for _ in range(2):
            found = await lent.spot()
            assert found is not None
            assert found.per_hour == Decimal(per_hour)
            lent.clock.advance(timedelta(minutes=2, seconds=30))


@pytest.mark.parametrize(
    "listing", [history(), history("no price"), history("NaN"), history("0"), {}]
)
async def test_a_spot_price_that_is_not_told_is_unknown(
    lent: Lent, listing: dict[str, Any]
) -> None:
    """No price, or an answer that is none, costs the launch nothing but its price."""
    lent.aws.answers("describe_spot_price_history", listing)

    assert [await lent.spot() for _ in range(3)] == [None] * 3
    [(level, event, fields)] = lent.log.entries
    assert (level, event) == ("warning", "price.unknown")
    assert (fields["market"], fields["type"], fields["where"]) == (
        "spot",
        "c7i.large",
        "us-east-1a",
    )


async def test_a_failed_look_up_is_said_once_and_tried_a_minute_later(lent: Lent) -> None:
    """EC2 that throttles is not asked by each launch; after a minute the price is had again."""
    lent.aws.fails("describe_spot_price_history", "RequestLimitExceeded")
    assert await asyncio.gather(*(lent.spot() for _ in range(20))) == [None] * 20
    assert lent.log.warnings() == ["price.unknown"]

    lent.clock.advance(MINUTE)
    lent.aws.answers("describe_spot_price_history", history("0.04"))
    assert await lent.spot() is not None


async def test_a_launch_does_not_wait_long_for_its_price(
    lent: Lent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where AWS hangs, launches go on without a price, and it is said once."""
    goes_on = threading.Event()
    monkeypatch.setattr(price, "PATIENCE", timedelta(milliseconds=10))
    monkeypatch.setattr(lent.aws, "_called", lambda *_: goes_on.wait(5))
    try:
        found = await asyncio.gather(*(lent.spot() for _ in range(20)))
    finally:
        goes_on.set()

    assert found == [None] * 20
    assert lent.log.warnings() == ["price.unknown"]


@pytest.mark.parametrize("market", ["on-demand", "spot"])
async def test_a_configured_price_is_not_asked_for(lent: Lent, market: Market) -> None:
    """A configured price is that of on-demand machines, and says nothing of spot machines."""
    if market == "spot":
        lent.aws.answers("describe_spot_price_history", history("0.04"))

    found = await lent.prices.at_launch(instance_type="m7i.large", zone="us-east-1a", market=market)

    per_hour = Decimal("0.04") if market == "spot" else CONFIGURED["m7i.large"]
    assert found == Price(per_hour=per_hour, at_least=MINUTE)


async def test_a_list_price_is_kept_for_a_day(lent: Lent) -> None:
    """The on-demand price of a type is the same in all zones, and asked for once a day."""
    wanted = {
        "capacitystatus": "Used",
        "instanceType": "c7i.large",
        "operatingSystem": "Linux",
        "preInstalledSw": "NA",
        "regionCode": "us-east-1",
        "tenancy": "Shared",
    }
    filters = [{"Type": "TERM_MATCH", "Field": key, "Value": wanted[key]} for key in wanted]
    asked = {"ServiceCode": "AmazonEC2", "Filters": filters, "MaxResults": 10}
    for per_hour in ("0.08925", "0.09"):
        lent.aws.answers("get_products", listed(per_hour), "pricing", asked=asked)
        for zone in ("us-east-1a", "us-east-1b"):
            found = await lent.on_demand(zone)
            assert found == Price(per_hour=Decimal(per_hour), at_least=MINUTE)
            lent.clock.advance(timedelta(hours=12))


@pytest.mark.parametrize(
    "answer",
    [
        listed(),
        listed("0.08", "0.09"),
        listed("0.08", unit="Quantity"),
        listed("0.08", currency="CNY"),
        {"PriceList": ["{"]},
        {"PriceList": ["[]"]},
        {"PriceList": ["{}"]},
    ],
)
async def test_not_exactly_one_list_price_is_none(lent: Lent, answer: dict[str, Any]) -> None:
    """Where the list has no price, two, or another currency, the price is unknown."""
    lent.aws.answers("get_products", answer, "pricing")

    assert await lent.on_demand() is None
    assert lent.log.warnings() == ["price.unknown"]


async def test_the_right_to_read_list_prices_is_an_extra(lent: Lent) -> None:
    """Who may not read the list has no price, is told once an hour, and launches all the same."""
    lent.aws.fails("get_products", "AccessDeniedException", "pricing")

    assert [await lent.on_demand() for _ in range(3)] == [None] * 3
    [(_, _, fields)] = lent.log.entries
    assert "AccessDeniedException" in fields["why"]


async def test_list_prices_are_asked_where_they_are_told(tmp_path: Path) -> None:
    """The Price List API has no endpoint in most regions; prices of all are told in one."""
    services = LentServices(data_dir=tmp_path)
    aws = Aws(services, region="eu-north-1", endpoint_url="http://127.0.0.1:9")

    regions = {name: aws._client(name).meta.region_name for name in ("ec2", "pricing")}

    assert regions == {"ec2": "eu-north-1", "pricing": "us-east-1"}
    services.spawn.end()


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("us-east-1a", "us-east-1"),
        ("us-gov-west-1b", "us-gov-west-1"),
        ("us-east-1-bos-1a", "us-east-1"),
        ("ap-southeast-2c", "ap-southeast-2"),
        ("elsewhere", ""),
    ],
)
def test_a_zone_names_its_region(zone: str, region: str) -> None:
    """Prices are listed by region; local zones have their region's name in front."""
    assert region_of(zone) == region
