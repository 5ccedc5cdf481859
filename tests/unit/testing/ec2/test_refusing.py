"""Calls that the fake EC2 refuses or loses: throttling, permissions, connections, regions."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from jobsched.testing.ec2 import FakeEc2
from tests.unit.testing.ec2.asking import IMAGE, codes, fleet, launched, refused, template

RUN = {"ImageId": IMAGE, "InstanceType": "m7i.large", "MinCount": 1, "MaxCount": 1}


def test_so_many_calls_are_throttled(fake: FakeEc2, ec2: Any) -> None:
    """L10: The next calls of an operation are refused with 503, those of others are not."""
    fake.switch(throttle={"DescribeInstances": 2})

    for _ in range(2):
        assert refused(ec2.describe_instances) == ("RequestLimitExceeded", 503)
    assert ec2.describe_volumes()["Volumes"] == []
    assert ec2.describe_instances()["Reservations"] == []


def test_all_calls_are_throttled_until_told_otherwise(fake: FakeEc2, ec2: Any) -> None:
    """L10: -1 for `*` refuses every call until the switch is changed."""
    fake.switch(throttle={"*": -1})
    for _ in range(3):
        assert refused(ec2.describe_volumes)[0] == "RequestLimitExceeded"
    fake.switch(throttle={})

    assert ec2.describe_volumes()["Volumes"] == []


def test_the_sdk_tries_again_when_throttled(fake: FakeEc2, session: Any) -> None:
    """L10: An SDK that may try thrice gets through two refusals, and each try is counted."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 3})
    patient = session.client("ec2", endpoint_url=fake.url, config=config)
    fake.switch(throttle={"DescribeInstances": 2})
    patient.describe_instances()

    assert fake.calls["DescribeInstances"] == 3


@pytest.mark.parametrize(
    ("ordered", "seen"),
    [
        ("UnauthorizedOperation", ("UnauthorizedOperation", 403)),
        ("InternalError", ("InternalError", 500)),
        ({"code": "Odd", "status": 418}, ("Odd", 418)),
    ],
)
def test_an_error_is_ordered(
    fake: FakeEc2, ec2: Any, ordered: object, seen: tuple[str, int]
) -> None:
    """`fail` refuses an operation with any code, without an effect."""
    fake.switch(fail={"RunInstances": ordered})

    assert refused(ec2.run_instances, **RUN) == seen
    assert not fake.machines()


def test_an_error_is_ordered_so_many_times(fake: FakeEc2, ec2: Any) -> None:
    """`fail` with a number of times ends by itself."""
    fake.switch(fail={"DescribeVolumes": {"code": "Unavailable", "times": 1}})

    assert refused(ec2.describe_volumes) == ("Unavailable", 503)
    assert ec2.describe_volumes()["Volumes"] == []


def test_a_dry_run_says_whether_one_may(fake: FakeEc2, ec2: Any) -> None:
    """A dry run is refused either way: with DryRunOperation, or for a missing permission."""
    assert refused(ec2.run_instances, **RUN, DryRun=True) == ("DryRunOperation", 412)
    fake.switch(deny=["ec2:Run*"])
    assert refused(ec2.run_instances, **RUN, DryRun=True) == ("UnauthorizedOperation", 403)
    assert not fake.machines()


def test_a_permission_is_missing(fake: FakeEc2, ec2: Any, clients: Any) -> None:
    """L11: Each service says in its own words that one may not."""
    fake.switch(deny=["ec2:DescribeInstances", "ssm:*", "iam:*"])

    assert refused(ec2.describe_instances) == ("UnauthorizedOperation", 403)
    assert refused(clients["ssm"].get_parameter, Name="/a")[0] == "AccessDeniedException"
    assert refused(clients["iam"].list_roles) == ("AccessDenied", 403)
    assert clients["sts"].get_caller_identity()["Account"]
    assert ec2.describe_volumes()["Volumes"] == []


@pytest.mark.parametrize("action", ["ec2:RunInstances", "ec2:CreateTags", "iam:PassRole"])
def test_what_a_fleet_may_not_stands_in_its_answer(
    fake: FakeEc2, ec2: Any, clients: Any, action: str
) -> None:
    """L11: A fleet without the right to launch, tag or pass a role has errors and no machine."""
    clients["iam"].create_instance_profile(InstanceProfileName="p")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}]
    named = template(ec2, IamInstanceProfile={"Name": "p"}, TagSpecifications=tags)
    fake.switch(deny=[action])

    assert codes(ec2.create_fleet(**fleet(ec2, named=named))) == ["UnauthorizedOperation"]
    assert not fake.machines()


def test_a_connection_ends_before_the_effect(fake: FakeEc2, ec2: Any) -> None:
    """L3: An answer that is lost before the effect leaves no machine."""
    asked = fleet(ec2, ClientToken="t")
    fake.switch(lose_before={"CreateFleet": 1})
    with pytest.raises(ConnectionClosedError):
        ec2.create_fleet(**asked)

    assert not fake.machines()
    assert launched(ec2, **asked)


def test_a_connection_ends_after_the_effect(fake: FakeEc2, ec2: Any) -> None:
    """L2: An answer that is lost after the effect leaves a machine, which its token finds again."""
    asked = fleet(ec2, ClientToken="t")
    fake.switch(lose_after={"CreateFleet": 1})
    with pytest.raises(ConnectionClosedError):
        ec2.create_fleet(**asked)

    (machine,) = fake.machines()
    assert launched(ec2, **asked) == machine.id


def test_a_call_hangs_until_told_otherwise(fake: FakeEc2, ec2: Any) -> None:
    """T1: A call that hangs has had its effect, and ends when the switch is changed."""
    machine = launched(ec2)
    fake.switch(hang={"TerminateInstances": 1})
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            ec2.terminate_instances(InstanceIds=[machine])
        except ConnectionClosedError as error:
            caught.append(error)

    asking = Thread(target=ask)
    asking.start()
    while fake.alive():
        assert asking.is_alive()
    assert not caught
    fake.switch(hang={})
    asking.join()

    assert caught


def test_a_slow_call_is_given_up(fake: FakeEc2, session: Any) -> None:
    """Q5: A call that takes longer than the client waits is an error of the client's."""
    config = Config(retries={"total_max_attempts": 1}, read_timeout=0.2)
    hasty = session.client("ec2", endpoint_url=fake.url, config=config)
    fake.switch(slow={"DescribeInstances": 1})

    with pytest.raises(ReadTimeoutError):
        hasty.describe_instances()


def test_another_region_is_refused(fake: FakeEc2, session: Any) -> None:
    """A client of another region is told so, and sees nothing."""
    other = session.client("ec2", region_name="eu-west-1", endpoint_url=fake.url)
    assert refused(other.describe_instances) == ("AuthFailure", 401)


def test_an_unknown_operation_is_named(fake: FakeEc2, ec2: Any) -> None:
    """What neither the fake nor moto can is refused in a clear sentence."""
    assert refused(ec2.describe_capacity_blocks)[0] == "InvalidAction"
