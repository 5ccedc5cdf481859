"""The checks of the fake's assumptions see it when a rule is broken: here the fake is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, Final

import boto3
import pytest
from botocore.retries.standard import ExponentialBackoff
from moto.core.base_backend import BackendDict

from jobsched.testing.ec2 import (
    FakeEc2,
    describing,
    ending,
    instance,
    pools,
    requirements,
    rights,
    server,
    throttle,
    tokens,
)
from jobsched.testing.ec2.account import Account as Kept
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.operations import OPERATIONS
from jobsched.testing.ec2.refusal import Refusal
from tools.assumptions.__main__ import CONFIG, PARAMETER, checked
from tools.assumptions.account import Account
from tools.assumptions.checks import DOES_NOT
from tools.assumptions.refused import NO_IMAGE

#: breaks rules of the fake
Mutation = Callable[[pytest.MonkeyPatch], None]
LOOK: Final = 10


@pytest.fixture(scope="module")
def inside() -> Iterator[FakeEc2]:
    """A fake EC2 in this very process, so that its rules can be broken."""
    served = server.make(Cloud("us-east-1"))
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    fake = FakeEc2()
    fake._server = SimpleNamespace(url=server.address(served))  # type: ignore[assignment]  # has all that is asked
    yield fake
    served.shutdown()
    thread.join()
    served.server_close()
    BackendDict.reset()


def of_tokens(patch: pytest.MonkeyPatch) -> None:
    """Every call is a launch of its own."""
    patch.setattr(tokens, "once", lambda _cloud, _operation, _asked, launch: launch()[0])


def of_launches(patch: pytest.MonkeyPatch) -> None:
    """What must be refused is accepted."""
    patch.setattr(tokens, "LONGEST", 999)
    patch.setattr(Kept, "architecture", lambda *_: None)
    patch.setattr(Kept, "groups", lambda *_: [])
    patch.setattr(Kept, "address", lambda *_: "10.0.0.9")
    patch.setattr(pools, "_check", lambda _: None)
    patch.setattr(describing, "FEWEST", 1)
    choices = pools._of_template

    def any_version(account: Any, asked: Any, one: Any, market: str) -> Any:
        wanted = {"Version": "1"} | one["LaunchTemplateSpecification"]
        return choices(account, asked, one | {"LaunchTemplateSpecification": wanted}, market)

    patch.setattr(pools, "_of_template", any_version)


def of_machines(patch: pytest.MonkeyPatch) -> None:
    """Machines are not as they were asked for."""
    usual = instance._metadata
    patch.setattr(instance, "_metadata", lambda one: usual(one) | {"HttpTokens": "other"})
    patch.setattr(pools, "_types", lambda account, *_: [account.type("m5.large")])
    patch.setattr(requirements, "fitting", lambda *_: False)
    attribute = describing.describe_attribute

    def another(cloud: Cloud, asked: dict[str, Any]) -> dict[str, Any]:
        answer = attribute(cloud, asked)
        if "InstanceInitiatedShutdownBehavior" in answer:
            answer["InstanceInitiatedShutdownBehavior"] = {"Value": "another"}
        if "UserData" in answer:
            answer["UserData"] = {"Value": "AAAA"}
        return answer

    patch.setitem(
        OPERATIONS, "DescribeInstanceAttribute", lambda cloud, _, asked: another(cloud, asked)
    )
    patch.setitem(OPERATIONS, "DescribeSpotPriceHistory", lambda *_: {"SpotPriceHistory": []})


def of_ends(patch: pytest.MonkeyPatch) -> None:
    """Machines end in another way, and what is not there is passed over."""

    def some(cloud: Cloud, ids: list[str]) -> list[Any]:
        for one in cloud.visible():
            one.settings.pop("DisableApiTermination", None)
        return [one for one in cloud.visible() if one.id in ids]

    patch.setattr(ending, "found", some)
    patch.setattr(describing, "found", some)
    usual = ending._terminated
    patch.setattr(
        ending,
        "_terminated",
        lambda *asked: usual(*asked) | {"CurrentState": {"Name": "stopped", "Code": 80}},
    )
    network = instance._network
    patch.setattr(instance, "_network", lambda machine, _: network(machine, "running"))
    patch.setitem(OPERATIONS, "DeleteVolume", lambda *_: {})


def of_calls(patch: pytest.MonkeyPatch) -> None:
    """Refusals have other codes and numbers, and use tokens up."""
    patch.setitem(throttle.THROTTLED, "ec2", ("RequestLimitExceeded", 429))
    patch.setitem(rights.DENIED, "ec2", ("AccessDenied", 403))
    patch.setattr(rights, "GLOBAL", {"ec2", *rights.GLOBAL})
    once = tokens.once

    def used_up(cloud: Cloud, operation: str, asked: Any, launch: Any) -> Any:
        try:
            return once(cloud, operation, asked, launch)
        except Refusal:
            cloud.tokens.setdefault((operation, asked.get("ClientToken", "")), ("", {}, []))
            raise

    patch.setattr(tokens, "once", used_up)


@pytest.mark.parametrize(
    ("mutation", "rules"),
    [
        (
            of_tokens,
            {
                "dead-token",
                "empty-fleet-uses-token",
                "other-parameters",
                "same-token",
                "token-length",
            },
        ),
        (
            of_launches,
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
            of_machines,
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
            of_ends,
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
        (of_calls, {"missing-right", "other-region", "refusal-keeps-token", "throttling"}),
    ],
)
def test_a_broken_rule_is_seen(
    inside: FakeEc2, mutation: Mutation, rules: set[str], monkeypatch: pytest.MonkeyPatch
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
        mutation(patch)
        found = checked(account)
    assert {one for one, word in found.items() if word == DOES_NOT} == rules, found
