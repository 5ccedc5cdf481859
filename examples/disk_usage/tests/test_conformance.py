"""The action keeps the contract of callback actions."""

from collections.abc import Sequence
from typing import Any

import pytest

from jobsched.contracts.callback import CallbackAction
from jobsched.testing import CallbackActionConformance
from jobsched_disk_usage.action import DiskUsage


class TestDiskUsage(CallbackActionConformance):
    """Every sentence of the contract, as a test."""

    @pytest.fixture
    def action(self) -> CallbackAction:
        """What is tested."""
        return DiskUsage()

    @pytest.fixture
    def payloads(self) -> Sequence[dict[str, Any]]:
        """What machines post: the usual, and the most that the schema lets through."""
        longest = {"path": "/" * 200, "used_bytes": 2**53, "total_bytes": 2**53}
        return [{"path": "/var", "used_bytes": 750, "total_bytes": 1000}, longest]
