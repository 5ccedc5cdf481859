"""The model says of each error of EC2 what the provider ec2_spot says of it."""

import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import failure
from jobsched.plugins.ec2_spot.described import INTERRUPTIONS, PHASES, status_of
from jobsched.plugins.ec2_spot.machines import SETTLES_WITHIN
from jobsched.plugins.ec2_spot.price import AT_LEAST
from jobsched.plugins.ec2_spot.provider import Ec2SpotProvider
from jobsched.plugins.ec2_spot.refusal import refusal_of
from jobsched.plugins.ec2_spot.status import section
from jobsched.testing import ec2
from jobsched.testing.ec2 import quotas
from jobsched.testing.ec2.ending import INTERRUPTED
from jobsched.testing.ec2.launching import NO_CAPACITY
from jobsched.testing.ec2.refusal import STATUS, Refusal
from jobsched.testing.model_ec2 import ModelProvider, meaning, shown

SOURCES = sorted(Path(ec2.__file__).parent.glob("*.py"))
#: how the fake writes a code of its own
WRITTEN = re.compile(r'(?:Refusal\(\s*|code = )"([A-Z][\w.]+)"')
#: every code that the fake answers with
CODES = sorted(
    {found for one in SOURCES for found in WRITTEN.findall(one.read_text())}
    | {code for code, _ in quotas.CODES.values()}
    | {NO_CAPACITY, *STATUS, "VolumeLimitExceeded"}
)


@pytest.mark.parametrize("code", CODES)
def test_a_call_that_is_refused(code: str) -> None:
    """Reason, effect and what follows are the same."""
    refusal = Refusal(code, "words")
    answer: Any = {
        "Error": {"Code": code, "Message": "words"},
        "ResponseMetadata": {"HTTPStatusCode": refusal.status},
    }
    expected = failure.of_aws(ClientError(answer, "CreateFleet"), "CreateFleet")
    assert told(meaning.of_call(refusal)) == told(expected)


@pytest.mark.parametrize("code", CODES)
def test_a_machine_that_was_ended_at_its_launch(code: str) -> None:
    """So it is in a description."""
    assert told(meaning.of_code(code, "words")) == told(failure.of_code(code, "words"))


@pytest.mark.parametrize(
    "codes",
    [
        [],
        ["InsufficientInstanceCapacity"],
        ["InsufficientInstanceCapacity", "InvalidSubnetID.NotFound"],
        ["InvalidSubnetID.NotFound"],
        ["MaxSpotInstanceCountExceeded", "InsufficientInstanceCapacity"],
        ["UnauthorizedOperation", "InsufficientInstanceCapacity"],
        ["RequestLimitExceeded"],
        ["RequestLimitExceeded", "SpotMaxPriceTooLow"],
        ["InternalError"],
    ],
)
def test_a_fleet_without_a_machine(codes: list[str]) -> None:
    """The errors of its pools are taken together alike."""
    errors = [{"ErrorCode": code, "ErrorMessage": "words"} for code in codes]
    assert told(meaning.of_fleet(errors)) == told(refusal_of(errors, {}, "spot"))


def test_codes_are_found_in_the_fake() -> None:
    """Else the tests above compare nothing."""
    assert {*STATUS, meaning.MISMATCH, meaning.DEAD, meaning.NOT_FOUND} <= set(CODES)
    assert meaning.CAPACITY <= failure.CAPACITY
    assert meaning.QUOTA <= failure.QUOTA


def test_a_description_is_read_alike() -> None:
    """Phases, the keys of what is kept, and of the status; and how long unknown means unknown."""
    assert dict(shown.PHASES) == {word: PHASES[word] for word in shown.PHASES}
    assert {INTERRUPTED} <= INTERRUPTIONS
    machine = {"InstanceId": "i-1", "State": {"Name": "running"}}
    theirs = status_of(machine, public_address=False).instance
    assert theirs
    assert shown.section(None) == section(None)
    assert shown.section(theirs) == section(theirs)
    assert ModelProvider.settles_within == SETTLES_WITHIN
    assert ModelProvider.status_section == Ec2SpotProvider.status_section
    assert shown.AT_LEAST == AT_LEAST


def told(error: OperationFailed) -> tuple[str, str, str]:
    """Give what the engine reads of an error."""
    return error.reason, error.effect, error.then
