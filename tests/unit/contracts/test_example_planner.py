"""The planner of the docstrings' examples keeps to the contract that it is an example of."""

from __future__ import annotations

import pytest

from jobsched.contracts.planner import Planner
from jobsched.testing import PlannerConformance
from tests.unit.contracts.examples import assembled
from tests.unit.contracts.test_examples import names


@pytest.fixture
def planner() -> Planner:
    """What is tried."""
    made: Planner = assembled(Planner, "FullHour", names())()
    return made


class TestExamplePlanner(PlannerConformance):
    """Every sentence, with faults."""
