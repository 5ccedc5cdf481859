"""What a machine's agent may tell of its end, and what of it is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from marshmallow import ValidationError

from jobsched.domain import facts
from jobsched.domain.job import Job
from jobsched.plugins import ec2_spot
from jobsched.plugins.ec2_spot.interruption import Interrupt, Rebalance
from jobsched.testing import CallbackActionConformance
from tests.unit.domain.example import HOUR, MINUTE, SECOND, a_job, up_to

ZONE = "+02:00"
#: when the launch of the running job was begun
BEGUN = HOUR + 2 * SECOND


class TestInterrupt(CallbackActionConformance):
    """EC2 takes the machine back."""

    @pytest.fixture
    def action(self) -> Interrupt:
        """The word."""
        return Interrupt()

    @pytest.fixture
    def payloads(self) -> list[dict[str, Any]]:
        """As EC2 writes times, and in another zone."""
        return [
            {"until": "2026-11-22T19:41:22Z", "what": "terminate"},
            {"until": f"2099-01-01T00:00:00{ZONE}", "what": "hibernate"},
            {"until": "0001-01-01T00:00:00+14:00"},
        ]


class TestRebalance(CallbackActionConformance):
    """EC2 may take the machine back."""

    @pytest.fixture
    def action(self) -> Rebalance:
        """The word."""
        return Rebalance()

    @pytest.fixture
    def payloads(self) -> list[dict[str, Any]]:
        """Of now, of long ago, of one day."""
        return [
            {"noticed_at": "2026-11-22T19:41:22Z"},
            {"noticed_at": f"9999-12-31T23:59:59{ZONE}"},
            {"noticed_at": "0001-01-01T00:00:00-14:00"},
        ]


def interrupted(until: str) -> facts.Interrupted:
    """Post it for a running job, at the hour and ten minutes."""
    action = Interrupt()
    payload = action.payload_schema().load({"until": until})
    assert isinstance(payload, dict)
    fact = action.to_fact(running(), 1, "i-1", payload, HOUR + 10 * MINUTE)
    assert isinstance(fact, facts.Interrupted)
    return fact


def running() -> Job:
    """A job that runs."""
    return up_to(facts.Started)


@pytest.mark.parametrize(
    ("until", "believed"),
    [
        ("2030-01-01T12:11:30Z", HOUR + 11.5 * MINUTE),
        (f"2030-01-01T14:11:30{ZONE}", HOUR + 11.5 * MINUTE),
        # a store's clock that is late makes of two minutes an hour: it is two minutes
        ("2030-01-01T13:12:00Z", HOUR + 12 * MINUTE),
        ("9999-12-31T23:59:59Z", HOUR + 12 * MINUTE),
        # over, and yet the machine speaks: not known
        ("2030-01-01T12:10:00Z", None),
        ("2030-01-01T11:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_a_time_is_believed_as_far_as_it_can_be_one(until: str, believed: datetime | None) -> None:
    """Whatever is posted gives a job no less than its own grace, and no more than EC2's notice."""
    fact = interrupted(until)
    assert fact.until == believed
    assert fact.until is None or fact.until.tzinfo is UTC
    assert (fact.at, fact.attempt, fact.launch) == (HOUR + 10 * MINUTE, 1, 1)
    assert fact.what == "terminate"


@pytest.mark.parametrize(
    ("noticed_at", "believed"),
    [
        ("2030-01-01T12:09:00Z", HOUR + 9 * MINUTE),
        ("2030-01-01T12:11:00Z", HOUR + 10 * MINUTE),
        ("2001-01-01T00:00:00Z", BEGUN),
    ],
)
def test_a_risk_is_noticed_while_the_machine_is_there(noticed_at: str, believed: datetime) -> None:
    """A clock that goes wrong does not put the notice before the launch, or into the future."""
    action = Rebalance()
    payload = action.payload_schema().load({"noticed_at": noticed_at})
    assert isinstance(payload, dict)
    fact = action.to_fact(running(), 1, "i-1", payload, HOUR + 10 * MINUTE)
    assert isinstance(fact, facts.AtRisk)
    assert fact.noticed_at == believed


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        (Interrupt, {}),
        (Interrupt, {"until": None}),
        (Interrupt, {"until": "soon"}),
        (Interrupt, {"until": 1764000000}),
        (Interrupt, {"until": "2030-01-01T12:11:30"}),
        (Interrupt, {"until": "2030-01-01T12:11:30Z", "what": "explode"}),
        (Interrupt, {"until": "2030-01-01T12:11:30Z", "why": "x"}),
        (Rebalance, {}),
        (Rebalance, {"noticed_at": "2030-01-01T12:11:30"}),
        (Rebalance, {"noticed_at": "2030-01-01T12:11:30Z", "until": "2030-01-01T12:11:30Z"}),
    ],
)
def test_a_wrong_payload_is_refused(action: type[Any], payload: dict[str, Any]) -> None:
    """A time without its zone may be hours off; what is not known is not passed over."""
    with pytest.raises(ValidationError):
        action().payload_schema().load(payload)


def test_the_plugin_brings_both() -> None:
    """By its hook."""
    assert [one.name for one in ec2_spot.jobsched_callback_actions()] == ["interrupt", "rebalance"]


def test_a_job_without_an_attempt_learns_nothing() -> None:
    """There is no machine of it."""
    at = HOUR + timedelta(minutes=10)
    payload = {"until": at, "what": "stop", "noticed_at": at}
    for action in ec2_spot.jobsched_callback_actions():
        assert action.to_fact(a_job(), 1, "i-1", payload, at) is None
