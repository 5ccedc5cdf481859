"""The checks of the fake's assumptions see it when a rule is broken: here the fake is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import boto3
import pytest
from botocore.retries.standard import ExponentialBackoff

from jobsched.testing.ec2 import FakeEc2
from tools.assumptions.__main__ import CONFIG, PARAMETER, checked
from tools.assumptions.account import Account
from tools.assumptions.checks import DOES_NOT
from tools.assumptions.refused import NO_IMAGE

LOOK: Final = 10


def mutations() -> Any:
    """Give what breaks the fake. With it comes moto, which no worker of a run loads in vain."""
    from tests.unit.testing.ec2 import mutations

    return mutations


@pytest.fixture(scope="module")
def inside() -> Iterator[FakeEc2]:
    """A fake EC2 in this very process, so that its rules can be broken."""
    with mutations().served() as fake:
        yield fake


@pytest.mark.parametrize(
    ("mutation", "rules"),
    [
        (
            "of_tokens",
            {
                "dead-token",
                "empty-fleet-uses-token",
                "other-parameters",
                "same-token",
                "token-length",
            },
        ),
        (
            "of_launches",
            {
                "architecture",
                "four-requirements",
                "full-subnet",
                "min-count",
                "one-vpc",
                "pages",
                "requirements-alone",
                "template-version",
                "token-length",
            },
        ),
        (
            "of_machines",
            {
                "architecture",
                "cheapest-pool",
                "imds-without-a-word",
                "override-wins",
                "price-history",
                "requirements",
                "shutdown-without-a-word",
                "template-is-honoured",
                "user-data-of-the-call",
            },
        ),
        (
            "of_ends",
            {
                "disk-goes-or-stays",
                "one-unknown-spares-all",
                "protection",
                "shutting-down",
                "terminated-again",
                "terminated-is-shown",
                "unknown-machine",
                "volume-in-use",
            },
        ),
        ("of_calls", {"missing-right", "other-region", "refusal-keeps-token", "throttling"}),
    ],
)
def test_a_broken_rule_is_seen(
    inside: FakeEc2, mutation: str, rules: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each rule that the fake breaks is said not to hold, and no other."""
    inside.reset()
    inside.switch(bad_images=[NO_IMAGE], deny=["ec2:CreateKeyPair"], throttle={"CreateVpc": 1})
    for name, value in inside.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    session: Any = boto3.Session()
    image = session.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    ec2 = session.client("ec2", config=CONFIG)
    account = Account(ec2, image, 0.2, lambda: inside.advance(LOOK))
    with monkeypatch.context() as patch:
        getattr(mutations(), mutation)(patch)
        found = checked(account)
    assert {one for one, word in found.items() if word == DOES_NOT} == rules, found
