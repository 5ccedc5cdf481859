"""The action of the docstrings' examples keeps to the contract that it is an example of."""

from __future__ import annotations

from typing import Any

import pytest

from jobsched.contracts.callback import CallbackAction
from jobsched.testing import CallbackActionConformance
from tests.unit.contracts.examples import assembled
from tests.unit.contracts.test_examples import names


@pytest.fixture
def action() -> CallbackAction:
    """What is tried."""
    made: CallbackAction = assembled(CallbackAction, "Progress", names())()
    return made


@pytest.fixture
def payloads() -> list[dict[str, Any]]:
    """What a machine may post."""
    return [{"percent": 0}, {"percent": 100}]


class TestExampleCallbackAction(CallbackActionConformance):
    """Every sentence, with faults."""
