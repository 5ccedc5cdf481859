"""What the machines of a job cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from jobsched.domain import facts
from jobsched.domain.cost import cost, launch_cost
from jobsched.domain.job import Instance, Job, Price
from tests.unit.domain.example import ALWAYS, HOUR, MINUTE, a_job, known, told, up_to

CHEAP = Price(per_hour=Decimal("0.06"), at_least=timedelta(minutes=1))


def launched(price: Price | None = CHEAP, **spec: Any) -> Job:
    """Give a job whose machine was had at the hour."""
    job = known(a_job(**spec), told(facts.Planned), told(facts.Offered), told(facts.Begun))
    return known(job, told(facts.Provisioned, instance=Instance(id="i-1", price=price)))


@pytest.mark.parametrize(
    ("minutes", "usd"),
    # billed by the second, with a minute at the least
    [(0, "0.001"), (0.5, "0.001"), (1, "0.001"), (90, "0.09")],
)
def test_a_machine_costs_its_price_at_launch_for_its_time(minutes: float, usd: str) -> None:
    """From the provider's answer until now, or until it was gone."""
    job = launched()
    assert cost(job, HOUR + minutes * MINUTE) == Decimal(usd)
    gone = known(job, told(facts.Gone, at=HOUR + minutes * MINUTE))
    assert cost(gone, HOUR + 1000 * MINUTE) == Decimal(usd)


def test_every_machine_of_every_attempt_counts() -> None:
    """Also those that were lost, and those of past attempts."""
    job = launched(retry=ALWAYS)
    lost = told(facts.Gone, at=HOUR + 10 * MINUTE, why="machine_lost")
    second = Instance(id="i-2", price=Price(per_hour=Decimal(6)))
    job = known(
        job,
        lost,
        told(facts.Begun, launch=2, at=HOUR + 10 * MINUTE),
        told(facts.Provisioned, launch=2, at=HOUR + 10 * MINUTE, instance=second),
        told(facts.GivenUp),
        told(facts.Gone, launch=2, at=HOUR + 20 * MINUTE),
    )
    job = known(job, told(facts.Planned, attempt=2), told(facts.Begun, attempt=2))
    third = told(facts.Provisioned, attempt=2, instance=Instance(id="i-3", price=CHEAP))
    job = known(job, third)
    assert len(job.past) == 1
    assert cost(job, HOUR + 10 * MINUTE) == Decimal("0.01") + Decimal(1) + Decimal("0.01")


def test_a_price_that_is_not_known_is_no_price() -> None:
    """Nothing is guessed; nor is there a cost before there is a machine."""
    assert cost(up_to(facts.Begun), HOUR) is None
    job = launched(price=None)
    assert cost(job, HOUR) is None
    assert job.attempt
    assert launch_cost(job.attempt.launches[0], HOUR) is None


def test_the_first_price_is_kept() -> None:
    """A later description has none, or that of another hour."""
    job = launched()
    for price in (None, Price(per_hour=Decimal(9))):
        later = told(facts.Provisioned, instance=Instance(id="i-1", price=price, state={"a": 1}))
        job = known(job, later)
        assert job.attempt
        instance = job.attempt.launches[0].instance
        assert instance
        assert (instance.price, instance.state) == (CHEAP, {"a": 1})
