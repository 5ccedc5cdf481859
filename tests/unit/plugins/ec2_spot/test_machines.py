"""Seeing and ending machines: all, one by its launch, and the end of one."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.machines import SETTLES_WITHIN, Machines
from tests.unit.plugins.ec2_spot.stubbed import NOW, TOKEN, StubbedAws, stubbed
from tests.unit.plugins.lent import KeptLog

OURS = {"Name": "tag:jobsched:deployment", "Values": ["test"]}
LONG_AGO = NOW - SETTLES_WITHIN


@pytest.fixture
def lent(tmp_path: Path) -> Iterator[tuple[StubbedAws, Machines, KeptLog]]:
    """Machines, over answers that a test prepares."""
    with stubbed(tmp_path) as (aws, services, log, _):
        yield aws, Machines(aws, services, public_address=False), log


def machine(
    machine_id: str,
    state: str = "running",
    *,
    token: str = TOKEN,
    at: datetime = NOW,
    reason: str = "",
) -> dict[str, Any]:
    """One machine as EC2 shows it."""
    shown: dict[str, Any] = {
        "InstanceId": machine_id,
        "State": {"Name": state},
        "LaunchTime": at,
        "Tags": [{"Key": "jobsched:deployment", "Value": "test"}],
    }
    if token:
        shown["Tags"].append({"Key": "jobsched:launch", "Value": token})
    if reason:
        shown["StateReason"] = {"Code": reason, "Message": f"{reason}: said by EC2"}
    return shown


def page(*machines: dict[str, Any], more: str = "") -> dict[str, Any]:
    """One page of DescribeInstances; each machine is a reservation of its own."""
    shown: dict[str, Any] = {"Reservations": [{"Instances": [one]} for one in machines]}
    return {**shown, "NextToken": more} if more else shown


def record(*, launched_at: datetime | str | None = LONG_AGO) -> Instance:
    """A machine as the record has it."""
    written = launched_at.isoformat() if isinstance(launched_at, datetime) else launched_at
    return Instance(id="i-1", state={"launched_at": written})


def id_of(status: InstanceStatus) -> str:
    """The id of the machine that a status is about."""
    assert status.instance is not None
    return status.instance.id


async def test_all_machines_in_one_call(lent: tuple[StubbedAws, Machines, KeptLog]) -> None:
    """R6: every page of the deployment's machines, by launch token; those that ended too."""
    aws, machines, _ = lent
    asked = {"Filters": [OURS], "MaxResults": 1000}
    aws.answers("describe_instances", page(machine("i-1"), more="2"), asked=asked)
    second = page(machine("i-2", "terminated", token="another"))
    aws.answers("describe_instances", second, asked={**asked, "NextToken": "2"})

    found = await machines.describe_all()

    assert {token: (id_of(one), one.phase) for token, one in found.items()} == {
        TOKEN: ("i-1", "running"),
        "another": ("i-2", "gone"),
    }


async def test_a_page_that_fails_fails_all(lent: tuple[StubbedAws, Machines, KeptLog]) -> None:
    """R6, T7: half a list says nothing of those that are not on it."""
    aws, machines, _ = lent
    aws.answers("describe_instances", page(machine("i-1"), more="2"))
    aws.fails("describe_instances", "RequestLimitExceeded")

    with pytest.raises(OperationFailed) as failed:
        await machines.describe_all()
    assert (failed.value.reason, failed.value.then) == ("throttled", "later")


async def test_a_machine_that_nobody_asked_for_is_no_launch(
    lent: tuple[StubbedAws, Machines, KeptLog],
) -> None:
    """A machine with our tag and without a launch is not described; the reaper tells of it."""
    aws, machines, _ = lent
    aws.answers("describe_instances", page(machine("i-1", token="")))
    assert await machines.describe_all() == {}


async def test_an_end_by_itself_is_told_once(lent: tuple[StubbedAws, Machines, KeptLog]) -> None:
    """L13: why a machine ended at once stands in the log; an end that we asked for does not."""
    aws, machines, log = lent
    stillborn = machine("i-1", "terminated", reason="Server.InsufficientInstanceCapacity")
    ended = machine("i-2", "terminated", token="b", reason="Client.UserInitiatedShutdown")
    for _ in range(2):
        aws.answers("describe_instances", page(stillborn, ended))
        found = await machines.describe_all()
        assert [one.phase for one in found.values()] == ["gone", "gone"]

    [(level, event, fields)] = log.entries
    assert (level, event, fields["instance"]) == ("warning", "machine.ended", "i-1")
    assert fields["code"] == "Server.InsufficientInstanceCapacity"
    assert "said by EC2" in fields["message"]


async def test_every_machine_is_owned_for_itself(
    lent: tuple[StubbedAws, Machines, KeptLog],
) -> None:
    """Of all pages those that have not ended: two of one token, and one that nobody asked for."""
    aws, machines, _ = lent
    asked = {"Filters": [OURS], "MaxResults": 1000}
    first = page(machine("i-1"), machine("i-2", "stopped"), more="2")
    aws.answers("describe_instances", first, asked=asked)
    second = page(machine("i-3", "terminated"), machine("i-4", token=""))
    aws.answers("describe_instances", second, asked={**asked, "NextToken": "2"})

    found = await machines.owned()

    assert [(one.instance.id, one.phase, one.token, one.launched_at) for one in found] == [
        ("i-1", "running", TOKEN, NOW),
        ("i-2", "going", TOKEN, NOW),
        ("i-4", "running", "", NOW),
    ]


async def test_half_a_list_is_none(lent: tuple[StubbedAws, Machines, KeptLog]) -> None:
    """With a page that is throttled nothing is listed at all (R6)."""
    aws, machines, _ = lent
    aws.answers("describe_instances", page(machine("i-1"), more="2"))
    aws.fails("describe_instances", "RequestLimitExceeded")

    with pytest.raises(OperationFailed):
        await machines.owned()


@pytest.mark.parametrize(
    ("tags", "attempt", "dies_at"),
    [
        ({"jobsched:attempt": "2", "jobsched:dies-at": NOW.isoformat()}, 2, NOW),
        ({}, 0, None),
        ({"jobsched:attempt": "x", "jobsched:dies-at": "soon"}, 0, None),
        ({"jobsched:dies-at": "2026-11-30T12:00:00"}, 0, None),
    ],
)
async def test_what_its_tags_say_is_believed_where_it_makes_sense(
    lent: tuple[StubbedAws, Machines, KeptLog],
    tags: dict[str, str],
    attempt: int,
    dies_at: datetime | None,
) -> None:
    """Tags that somebody changed by hand are as good as none."""
    aws, machines, _ = lent
    shown = machine("i-1")
    shown["Tags"] += [{"Key": key, "Value": value} for key, value in tags.items()]
    shown["Tags"].append({"Key": "jobsched:job", "Value": "j"})
    aws.answers("describe_instances", page(shown))

    [found] = await machines.owned()

    assert (found.job, found.attempt, found.dies_at) == ("j", attempt, dies_at)


@pytest.mark.parametrize("turned", [False, True])
async def test_of_two_machines_the_oldest_alive_counts(
    lent: tuple[StubbedAws, Machines, KeptLog], *, turned: bool
) -> None:
    """Of two machines of a launch the one that lives counts, then the older; the other is told."""
    aws, machines, log = lent
    shown = [
        machine("i-1", "terminated", at=NOW - timedelta(minutes=3)),
        machine("i-2", at=NOW - timedelta(minutes=2)),
        machine("i-3", at=NOW - timedelta(minutes=1)),
    ]
    for _ in range(2):
        aws.answers("describe_instances", page(*(reversed(shown) if turned else shown)))
        found = await machines.describe_all()
        assert id_of(found[TOKEN]) == "i-2"

    fields = {"launch": TOKEN, "counted": "i-2", "to_be_looked_at": "i-3"}
    assert log.entries == [("error", "machine.doubled", fields)]


async def test_of_two_machines_the_known_one_counts(
    lent: tuple[StubbedAws, Machines, KeptLog],
) -> None:
    """Whether the machine on record is gone is asked, however alive a copy of its tags may be."""
    aws, machines, log = lent
    aws.answers("describe_instances", page(machine("i-2"), machine("i-1", "terminated")))

    found = await machines.describe_all({TOKEN: record()})

    assert (id_of(found[TOKEN]), found[TOKEN].phase) == ("i-1", "gone")
    assert [(level, event) for level, event, _ in log.entries] == [("error", "machine.doubled")]


async def test_a_machine_is_found_by_its_launch(
    lent: tuple[StubbedAws, Machines, KeptLog],
) -> None:
    """A launch in doubt is looked for by its tag, within the deployment."""
    aws, machines, _ = lent
    launch = {"Name": "tag:jobsched:launch", "Values": [TOKEN]}
    asked = {"Filters": [OURS, launch], "MaxResults": 1000}
    aws.answers("describe_instances", page(machine("i-1", "pending")), asked=asked)
    aws.answers("describe_instances", page(), asked=asked)

    found = await machines.find(TOKEN)
    assert found is not None
    assert (id_of(found), found.phase) == ("i-1", "pending")
    assert await machines.find(TOKEN) is None


@pytest.mark.parametrize(
    ("state", "phase"), [("shutting-down", "going"), ("terminated", "gone"), ("running", "running")]
)
async def test_one_machine_is_terminated_by_a_call(
    lent: tuple[StubbedAws, Machines, KeptLog], state: str, phase: str
) -> None:
    """T1, T4: one id in a call; it is gone only when EC2 says terminated."""
    aws, machines, _ = lent
    change = {"InstanceId": "i-1", "CurrentState": {"Name": state}}
    answer = {"TerminatingInstances": [change]}
    aws.answers("terminate_instances", answer, asked={"InstanceIds": ["i-1"]})

    status = await machines.terminate(record())

    assert (status.phase, status.instance) == (phase, record())


async def test_an_answer_about_another_machine_says_nothing(
    lent: tuple[StubbedAws, Machines, KeptLog],
) -> None:
    """T2: that another machine is terminated does not make ours gone."""
    aws, machines, _ = lent
    change = {"InstanceId": "i-2", "CurrentState": {"Name": "terminated"}}
    aws.answers("terminate_instances", {"TerminatingInstances": [change]})
    aws.answers("terminate_instances", {"TerminatingInstances": []})

    for _ in range(2):
        assert (await machines.terminate(record())).phase == "unknown"


@pytest.mark.parametrize(
    "launched_at",
    [NOW - SETTLES_WITHIN + timedelta(seconds=1), None, "", "yesterday", "2026-11-25T11:00:00", 12],
)
async def test_a_fresh_machine_that_is_not_found_is_unknown(
    lent: tuple[StubbedAws, Machines, KeptLog], launched_at: Any
) -> None:
    """B1, T2: "not found" within ten minutes, or of a machine of unknown age, ends nothing."""
    aws, machines, _ = lent
    aws.fails("terminate_instances", "InvalidInstanceID.NotFound")

    status = await machines.terminate(record(launched_at=launched_at))

    assert status.phase == "unknown"
    assert status.instance is not None


async def test_an_old_machine_that_is_nowhere_is_gone(
    lent: tuple[StubbedAws, Machines, KeptLog],
) -> None:
    """T6: terminated machines vanish after an hour: old, not found and on no list is gone."""
    aws, machines, _ = lent
    aws.fails("terminate_instances", "InvalidInstanceID.NotFound")
    listed = {"Name": "instance-id", "Values": ["i-1"]}
    asked = {"Filters": [OURS, listed], "MaxResults": 1000}
    aws.answers("describe_instances", page(), asked=asked)

    assert (await machines.terminate(record())).phase == "gone"


async def test_a_machine_that_a_list_shows_is_not_gone(
    lent: tuple[StubbedAws, Machines, KeptLog],
) -> None:
    """T2: where "not found" and the list disagree, the list counts."""
    aws, machines, _ = lent
    aws.fails("terminate_instances", "InvalidInstanceID.NotFound")
    aws.answers("describe_instances", page(machine("i-1")))

    assert (await machines.terminate(record())).phase == "running"


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("RequestLimitExceeded", 400, "throttled"),
        ("UnauthorizedOperation", 403, "configuration"),
        ("OperationNotPermitted", 400, "aws_error"),
        ("InvalidInstanceID.Malformed", 400, "aws_error"),
        ("InternalError", 500, "aws_error"),
    ],
)
async def test_an_end_that_is_refused_is_no_end(
    lent: tuple[StubbedAws, Machines, KeptLog], code: str, status: int, reason: str
) -> None:
    """T1, T5: what hinders the end of a machine is said, and never taken for its end."""
    aws, machines, _ = lent
    aws.fails("terminate_instances", code, status=status)

    with pytest.raises(OperationFailed) as failed:
        await machines.terminate(record())
    assert failed.value.reason == reason
    assert code in failed.value.message
