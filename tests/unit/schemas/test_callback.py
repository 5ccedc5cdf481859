"""The body of POST /callback."""

from typing import Any

import pytest
from marshmallow import ValidationError

from jobsched.schemas.callback import load

SAID = {"action": "update", "job_id": "x" * 32, "instance_id": "i-1"}


def test_what_is_not_the_cores_is_the_actions() -> None:
    """The three known fields are told apart from what the action's own schema checks."""
    assert load({**SAID, "certificate": "PEM", "ready": True}) == (
        SAID,
        {"certificate": "PEM", "ready": True},
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"action": ""},
        {"action": None},
        {"job_id": "x" * 31},
        {"job_id": "x" * 33},
        {"job_id": "x" * 32 + "\n"},
        {"job_id": "é" * 32},
        {"job_id": 1},
        {"instance_id": ""},
        {"instance_id": "x" * 256},
        {"instance_id": "i\n1"},
    ],
)
def test_a_bad_field_is_refused(changes: dict[str, Any]) -> None:
    """Ids have their form, and no field holds a line break."""
    with pytest.raises(ValidationError) as error:
        load(SAID | changes)

    assert list(changes) == list(error.value.messages_dict)


@pytest.mark.parametrize("name", list(SAID))
def test_every_field_is_needed(name: str) -> None:
    """A callback that leaves one of the three out is refused."""
    with pytest.raises(ValidationError):
        load({key: value for key, value in SAID.items() if key != name})
