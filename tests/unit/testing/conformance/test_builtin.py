"""The default planner and the core's own actions keep their contracts."""

from typing import Any

import pytest

from jobsched.builtin import OnTime, Terminate, Update
from jobsched.testing import CallbackActionConformance, PlannerConformance
from tests.unit.testing.acme import AnHourLater, DiskUsage

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n"


class TestOnTime(PlannerConformance):
    """The planner of jobs that name none."""

    @pytest.fixture
    def planner(self) -> OnTime:
        """The one."""
        return OnTime()


class TestAnHourLater(PlannerConformance):
    """An author's planner."""

    @pytest.fixture
    def planner(self) -> AnHourLater:
        """The one."""
        return AnHourLater()


class TestUpdate(CallbackActionConformance):
    """A machine is ready."""

    @pytest.fixture
    def action(self) -> Update:
        """The core's word."""
        return Update()

    @pytest.fixture
    def payloads(self) -> list[dict[str, Any]]:
        """With a certificate, and without."""
        return [{}, {"certificate": CERTIFICATE}]


class TestTerminate(CallbackActionConformance):
    """A machine has nothing more to do."""

    @pytest.fixture
    def action(self) -> Terminate:
        """The core's word."""
        return Terminate()

    @pytest.fixture
    def payloads(self) -> list[dict[str, Any]]:
        """The container has ended, or the boot failed."""
        return [{}, {"why": "ended"}, {"why": "boot_failed", "step": "docker"}]


class TestDiskUsage(CallbackActionConformance):
    """An author's action, that notes something."""

    @pytest.fixture
    def action(self) -> DiskUsage:
        """The author's word."""
        return DiskUsage()

    @pytest.fixture
    def payloads(self) -> list[dict[str, Any]]:
        """One disk."""
        return [{"percent": 81}]
