"""The planner keeps the contract of planners."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from jobsched.contracts.planner import Planner
from jobsched.testing import PlannerConformance
from jobsched_night_window import NightWindow, Window


class TestNightWindow(PlannerConformance):
    """Every sentence of the contract, as a test."""

    @pytest.fixture(params=["UTC", "Europe/Berlin"])
    def planner(self, request: pytest.FixtureRequest) -> Planner:
        """What is tested: also in a place whose clock changes."""
        return NightWindow(Window(begin=time(22), end=time(6), zone=ZoneInfo(request.param)))
