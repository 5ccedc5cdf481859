"""Idempotent launches of the fake EC2."""

from __future__ import annotations

from typing import Any

from jobsched.testing.ec2 import FakeEc2
from tests.unit.testing.ec2.asking import IMAGE, fleet, launched, refused, subnet

MISMATCH = ("IdempotentParameterMismatch", 400)


def test_the_same_call_again_gives_the_same_machine(fake: FakeEc2, ec2: Any) -> None:
    """L3: A fleet asked for twice with one token is one fleet with one machine."""
    asked = fleet(ec2, ClientToken="t")
    first, second = ec2.create_fleet(**asked), ec2.create_fleet(**asked)

    assert second["FleetId"] == first["FleetId"]
    assert second["Instances"] == first["Instances"]
    assert len(fake.machines()) == 1


def test_another_token_gives_another_machine(fake: FakeEc2, ec2: Any) -> None:
    """L8: Two tokens are two machines, whatever else is the same."""
    asked = fleet(ec2)
    machines = {launched(ec2, **asked, ClientToken=token) for token in ("a", "b")}

    assert len(machines) == 2


def test_without_a_token_each_call_is_a_launch(fake: FakeEc2, ec2: Any) -> None:
    """L4: The SDK makes a token of its own for each call, so that two calls are two machines."""
    asked = fleet(ec2)
    ec2.create_fleet(**asked)
    ec2.create_fleet(**asked)

    assert len(fake.machines()) == 2
    assert len({one["ClientToken"] for one in fake.requests("CreateFleet")}) == 2


def test_other_parameters_under_a_token_are_refused(fake: FakeEc2, ec2: Any) -> None:
    """L6: A token that comes again with other user data launches nothing."""
    asked = fleet(ec2, ClientToken="t", user_data="one")
    ec2.create_fleet(**asked)
    config = asked["LaunchTemplateConfigs"][0]
    config["LaunchTemplateSpecification"]["LaunchTemplateSpecificationUserData"] = "dHdv"

    assert refused(ec2.create_fleet, **asked) == MISMATCH
    assert len(fake.machines()) == 1


def test_a_fleet_without_a_machine_has_used_its_token(fake: FakeEc2, ec2: Any) -> None:
    """L7: After a fleet that found no capacity the same token finds none, though there is some."""
    asked = fleet(ec2, ClientToken="t")
    fake.switch(dry=["*"])
    first = ec2.create_fleet(**asked)
    fake.switch(dry=[])

    assert ec2.create_fleet(**asked)["Errors"] == first["Errors"]
    assert not fake.machines()


def test_a_refused_call_has_not_used_its_token(fake: FakeEc2, ec2: Any) -> None:
    """L10: A token that was throttled launches when it comes again."""
    asked = fleet(ec2, ClientToken="t")
    fake.switch(throttle={"CreateFleet": 1})
    refused(ec2.create_fleet, **asked)

    assert launched(ec2, **asked) == fake.machines()[0].id


def test_a_dead_machine_is_still_its_tokens_answer(fake: FakeEc2, ec2: Any) -> None:
    """L7: A token whose machine was terminated gives that machine's id, and no new one."""
    asked = fleet(ec2, ClientToken="t")
    machine = launched(ec2, **asked)
    ec2.terminate_instances(InstanceIds=[machine])

    assert launched(ec2, **asked) == machine
    assert fake.alive() == []


def test_a_dead_machine_may_be_an_error(fake: FakeEc2, ec2: Any) -> None:
    """L7: With `dead_token: error` the token of a dead machine is refused, a living one not."""
    asked = fleet(ec2, ClientToken="t")
    fake.switch(dead_token="error")
    machine = launched(ec2, **asked)

    assert launched(ec2, **asked) == machine
    fake.end(machine)
    assert refused(ec2.create_fleet, **asked) == ("IdempotentInstanceTerminated", 400)


def test_run_instances_keeps_tokens_too(fake: FakeEc2, ec2: Any) -> None:
    """L3: RunInstances with one token twice is one machine; with other parameters it is refused."""
    asked: dict[str, Any] = {"MinCount": 1, "MaxCount": 1, "ClientToken": "t"}
    asked |= {"ImageId": IMAGE, "InstanceType": "m7i.large", "SubnetId": subnet(ec2)}
    ids = {ec2.run_instances(**asked)["Instances"][0]["InstanceId"] for _ in range(2)}

    assert ids == {fake.machines()[0].id}
    assert refused(ec2.run_instances, **asked | {"InstanceType": "c7i.large"}) == MISMATCH


def test_a_token_has_64_characters_at_most(ec2: Any) -> None:
    """A longer token is refused."""
    assert refused(ec2.create_fleet, **fleet(ec2, ClientToken="t" * 65))[0] == (
        "InvalidParameterValue"
    )
