"""The section `aws` of a status."""

from jobsched.domain.job import Instance
from jobsched.plugins.ec2_spot.status import section


def test_without_a_machine_all_are_null() -> None:
    """The seed document's keys are there from the start, and ours after them."""
    assert section(None) == dict.fromkeys(
        [
            "instance_id",
            "dns_name",
            "ready",
            "ip_address",
            "state",
            "instance_type",
            "availability_zone",
            "lifecycle",
        ]
    )


def test_with_a_machine() -> None:
    """What the record keeps of the machine is shown; `ready` is the core's to say."""
    state = {
        "type": "m7i.large",
        "zone": "us-east-1a",
        "market": "spot",
        "launched_at": "2026-11-25T11:50:00+00:00",
        "dns_name": "ip-10-0-0-7.ec2.internal",
        "ip_address": "10.0.0.7",
        "state": "running",
        "reason": "Server.InternalError",
    }

    assert section(Instance(id="i-1", state=state)) == {
        "instance_id": "i-1",
        "dns_name": "ip-10-0-0-7.ec2.internal",
        "ready": None,
        "ip_address": "10.0.0.7",
        "state": "running",
        "instance_type": "m7i.large",
        "availability_zone": "us-east-1a",
        "lifecycle": "spot",
    }


def test_a_record_of_another_version_breaks_nothing() -> None:
    """What a record does not hold is null."""
    assert section(Instance(id="i-1")) == {**section(None), "instance_id": "i-1"}
