"""The life of a machine of the fake EC2: seen late, pending, running, ended, forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from jobsched.testing.ec2 import FakeEc2
from tests.unit.testing.ec2.asking import described, fleet, launched, refused, state

NOT_FOUND = ("InvalidInstanceID.NotFound", 400)


def test_a_machine_runs_at_once_by_default(ec2: Any) -> None:
    """Without a switch a machine runs when it is first described."""
    assert state(ec2, launched(ec2)) == "running"


def test_a_machine_is_pending_for_a_while(fake: FakeEc2, ec2: Any) -> None:
    """`pending_seconds`: a machine runs when so much time has gone by; its public address too."""
    fake.switch(pending_seconds=30)
    machine = launched(ec2)

    assert state(ec2, machine) == "pending"
    assert "PublicIpAddress" not in described(ec2, machine)
    assert described(ec2, machine)["PrivateIpAddress"]
    fake.advance(31)
    assert state(ec2, machine) == "running"
    assert described(ec2, machine)["PublicIpAddress"]


def test_a_machine_boots_when_told_so(fake: FakeEc2, ec2: Any) -> None:
    """B2: `pending_seconds: -1`: a machine stays pending until a test says that it has booted."""
    fake.switch(pending_seconds=-1)
    machine = launched(ec2)
    fake.advance(3600)
    assert state(ec2, machine) == "pending"

    assert fake.boot(machine).state == "running"
    assert state(ec2, machine) == "running"


def test_a_fresh_machine_is_not_found(fake: FakeEc2, ec2: Any) -> None:
    """B1 and T2: A fresh machine is in no list, and neither described nor terminated by its id."""
    fake.switch(visible_after_seconds=60)
    machine = launched(ec2)

    assert ec2.describe_instances()["Reservations"] == []
    assert refused(ec2.describe_instances, InstanceIds=[machine]) == NOT_FOUND
    assert refused(ec2.terminate_instances, InstanceIds=[machine]) == NOT_FOUND
    assert fake.alive() == [machine]
    fake.advance(61)
    assert state(ec2, machine) == "running"


def test_a_terminated_machine_is_seen_for_an_hour(fake: FakeEc2, ec2: Any) -> None:
    """T6: A terminated machine is described as such for an hour, and then not found."""
    machine = launched(ec2)
    ec2.terminate_instances(InstanceIds=[machine])
    fake.advance(3500)
    assert state(ec2, machine) == "terminated"

    fake.advance(200)
    assert refused(ec2.describe_instances, InstanceIds=[machine]) == NOT_FOUND
    assert [one.state for one in fake.machines()] == ["terminated"]


def test_how_long_it_is_seen_is_a_switch(fake: FakeEc2, ec2: Any) -> None:
    """T6: `vanish_after_seconds`: a machine may be gone from all answers at once."""
    fake.switch(vanish_after_seconds=0)
    machine = launched(ec2)
    ec2.terminate_instances(InstanceIds=[machine])

    assert refused(ec2.terminate_instances, InstanceIds=[machine]) == NOT_FOUND


def test_a_termination_takes_a_while(fake: FakeEc2, ec2: Any) -> None:
    """T4: `shutting_down_seconds`: a machine that was terminated is not gone yet."""
    fake.switch(shutting_down_seconds=90)
    machine = launched(ec2)
    (answer,) = ec2.terminate_instances(InstanceIds=[machine])["TerminatingInstances"]

    assert answer["PreviousState"] == {"Code": 16, "Name": "running"}
    assert answer["CurrentState"] == {"Code": 32, "Name": "shutting-down"}
    assert state(ec2, machine) == "shutting-down"
    assert fake.alive() == []
    fake.advance(91)
    assert state(ec2, machine) == "terminated"
    assert described(ec2, machine)["StateReason"]["Code"] == "Client.UserInitiatedShutdown"


def test_a_termination_may_be_repeated(fake: FakeEc2, ec2: Any) -> None:
    """T1: Terminating a terminated machine succeeds, and changes neither time nor reason."""
    machine = launched(ec2)
    fake.end(machine, "Server.InternalError")
    before = fake.machine(machine)
    fake.advance(5)
    ec2.terminate_instances(InstanceIds=[machine])

    assert fake.machine(machine) == before


def test_one_bad_id_spares_all(fake: FakeEc2, ec2: Any) -> None:
    """T1: A termination that names one unknown machine terminates none."""
    machine = launched(ec2)
    unknown = "i-0123456789abcdef0"

    assert refused(ec2.terminate_instances, InstanceIds=[machine, unknown]) == NOT_FOUND
    assert refused(ec2.terminate_instances, InstanceIds=["i-x"])[0] == "InvalidInstanceID.Malformed"
    assert fake.alive() == [machine]


def test_a_protected_machine_is_not_terminated(fake: FakeEc2, ec2: Any) -> None:
    """T5: A machine with termination protection stays."""
    asked = {"ImageId": "ami-00000001", "InstanceType": "m7i.large", "MinCount": 1, "MaxCount": 1}
    answer = ec2.run_instances(**asked, DisableApiTermination=True)
    machine = answer["Instances"][0]["InstanceId"]

    assert refused(ec2.terminate_instances, InstanceIds=[machine])[0] == "OperationNotPermitted"
    assert fake.alive() == [machine]

    ec2.modify_instance_attribute(InstanceId=machine, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[machine])
    assert fake.alive() == []


def test_a_spot_machine_is_interrupted(fake: FakeEc2, ec2: Any) -> None:
    """B3: An interrupted machine is terminated, and its reason says that it was a spot one."""
    machine = launched(ec2)
    fake.interrupt(machine)

    assert state(ec2, machine) == "terminated"
    assert described(ec2, machine)["StateReason"]["Code"] == "Server.SpotInstanceTermination"


def test_an_interruption_is_told_two_minutes_ahead(fake: FakeEc2, ec2: Any) -> None:
    """X7: With a notice the machine runs on for two minutes."""
    machine = launched(ec2)
    assert fake.interrupt(machine, notice=True).notice_at is not None
    fake.advance(110)
    assert state(ec2, machine) == "running"
    assert "StateReason" not in described(ec2, machine)

    fake.advance(11)
    assert state(ec2, machine) == "terminated"


def test_a_machine_on_notice_can_be_terminated(fake: FakeEc2, ec2: Any) -> None:
    """X7: A machine that is terminated before its interruption ended by the user."""
    machine = launched(ec2)
    fake.interrupt(machine, notice=True)
    ec2.terminate_instances(InstanceIds=[machine])

    assert described(ec2, machine)["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert fake.alive() == []


def test_an_on_demand_machine_is_not_interrupted(fake: FakeEc2, ec2: Any) -> None:
    """EC2 interrupts spot machines only, and so does the fake."""
    machine = launched(ec2, **fleet(ec2, market="on-demand"))
    with pytest.raises(ValueError, match="no spot machine"):
        fake.interrupt(machine)

    assert fake.alive() == [machine]


def test_a_machine_ends_by_itself(fake: FakeEc2, ec2: Any) -> None:
    """L13: A machine ends for the reason that a test gives it."""
    machine = launched(ec2)
    fake.end(machine, "Client.InstanceInitiatedShutdown")

    assert described(ec2, machine)["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    assert fake.machine(machine).reason == "Client.InstanceInitiatedShutdown"


def test_a_machine_is_stillborn(fake: FakeEc2, ec2: Any) -> None:
    """L13: A stillborn machine has an id and is terminated when it is first described."""
    fake.switch(stillborn={"spot/m7i.large/*": "Server.InsufficientInstanceCapacity"})
    machine = launched(ec2)

    reason = described(ec2, machine)["StateReason"]["Code"]
    assert (state(ec2, machine), reason) == ("terminated", "Server.InsufficientInstanceCapacity")
    fake.switch(stillborn={})
    assert state(ec2, launched(ec2)) == "running"


def test_a_terminated_machine_has_no_address(ec2: Any) -> None:
    """A terminated machine is described without addresses, groups and disks, with its tags."""
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}]
    machine = launched(ec2, **fleet(ec2, TagSpecifications=tags))
    ec2.terminate_instances(InstanceIds=[machine])

    seen = described(ec2, machine)
    assert "PrivateIpAddress" not in seen
    assert seen["SecurityGroups"] == seen["BlockDeviceMappings"] == []
    assert seen["Tags"] == [{"Key": "a", "Value": "b"}]
