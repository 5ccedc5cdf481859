"""Ways to break the fake EC2, which is served in this process for it; imports moto."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
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


@contextmanager
def served() -> Iterator[FakeEc2]:
    """Serve a fake EC2 in this very process, so that its rules can be broken."""
    here = server.make(Cloud("us-east-1"))
    thread = threading.Thread(target=here.serve_forever, daemon=True)
    thread.start()
    fake = FakeEc2()
    fake._server = SimpleNamespace(url=server.address(here))  # type: ignore[assignment]  # has all that is asked
    yield fake
    here.shutdown()
    thread.join()
    here.server_close()
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
