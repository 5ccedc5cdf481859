"""The core as a plugin of itself."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from marshmallow import ValidationError

from jobsched.builtin import Builtin, OnTime, Terminate, Update
from jobsched.domain import facts
from jobsched.services import FixedHistory
from jobsched.store.logs import MemoryLogs
from tests.unit.domain.example import HOUR, MINUTE, a_job, up_to

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n"


def history(lead: timedelta) -> FixedHistory:
    """A history in which the example's provider has this lead."""
    made, provider = FixedHistory(), SimpleNamespace(name=a_job().spec.provider, lead=lead)
    providers: Any = [provider]
    made.know(providers)
    return made


def test_a_machine_is_asked_for_the_lead_before_the_schedule() -> None:
    """The container starts when the job says; why is told to people."""
    plan = OnTime().plan(a_job(), history(3 * MINUTE), HOUR - 60 * MINUTE)
    assert (plan.provision_at, plan.start_at) == (HOUR - 3 * MINUTE, HOUR)
    assert plan.why == "a is asked 3 min before the start"


def test_a_past_schedule_is_planned_at_once() -> None:
    """The plan says that it is late."""
    plan = OnTime().plan(a_job(), history(timedelta(0)), HOUR + MINUTE)
    assert (plan.provision_at, plan.start_at) == (HOUR, HOUR)
    assert plan.why == "a is asked at the start, which is past: at once"


def test_update_makes_the_machine_ready() -> None:
    """The certificate is bound to the id that the machine named."""
    payload = Update.payload_schema().load({"certificate": CERTIFICATE})
    fact = Update().to_fact(up_to(facts.Provisioned), 1, "i-1", payload, HOUR)
    assert fact == facts.Ready(
        at=HOUR, attempt=1, launch=1, instance_id="i-1", certificate=CERTIFICATE
    )


@pytest.mark.parametrize("certificate", ["x", CERTIFICATE + "x", "-" + CERTIFICATE, 3, None])
def test_what_is_no_certificate_is_refused(certificate: object) -> None:
    """It goes into a file that TLS reads."""
    with pytest.raises(ValidationError, match="certificate"):
        Update.payload_schema().load({"certificate": certificate})


def test_a_long_certificate_is_refused() -> None:
    """8 KiB are room enough."""
    long = CERTIFICATE.replace("TUlJ", "TUlJ" * 3000)
    with pytest.raises(ValidationError, match="certificate"):
        Update.payload_schema().load({"certificate": long})


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({}, facts.Hinted(at=HOUR, attempt=1, launch=2)),
        ({"why": "ended", "step": "x"}, facts.Hinted(at=HOUR, attempt=1, launch=2)),
        (
            {"why": "boot_failed", "step": "pull"},
            facts.BootFailed(at=HOUR, attempt=1, launch=2, message="pull"),
        ),
    ],
)
def test_terminate_is_a_hint_unless_the_boot_failed(
    payload: dict[str, str], expected: facts.Fact
) -> None:
    """The seed's terminate names no reason: it asks for an inspect, and ends nothing."""
    loaded = Terminate.payload_schema().load(payload)
    assert Terminate().to_fact(up_to(facts.Ready), 2, "i-1", loaded, HOUR) == expected


@pytest.mark.parametrize("payload", [{"why": "bored"}, {"step": "x" * 201}, {"more": 1}])
def test_what_terminate_does_not_know_is_refused(payload: dict[str, object]) -> None:
    """Fields are few and bounded: machines are not trusted."""
    with pytest.raises(ValidationError):
        Terminate.payload_schema().load(payload)


@pytest.mark.parametrize("action", [Update(), Terminate()])
def test_before_an_attempt_a_callback_means_nothing(action: Update | Terminate) -> None:
    """There is no machine that it could come from."""
    payload = action.payload_schema().load({})
    assert action.to_fact(a_job(), 1, "i-1", payload, HOUR) is None


async def test_logs_go_to_the_stores_own_storage() -> None:
    """What is written is read, from a byte on, until it is deleted."""
    (store,) = Builtin(MemoryLogs({})).jobsched_log_stores()
    job = a_job().id
    await store.write(job, 1, 0, b"hello ")
    await store.write(job, 1, 6, b"world")
    parts = await store.read(job, 1, 6)
    assert [(part.offset, part.data) for part in parts] == [(6, b"world")]
    await store.delete(job)
    assert await store.read(job, 1) == []
