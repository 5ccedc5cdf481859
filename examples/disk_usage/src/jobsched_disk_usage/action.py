"""The callback action ``disk_usage``."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from marshmallow import Schema

from jobsched.contracts.callback import CallbackAction
from jobsched.domain.facts import Fact, Noted
from jobsched.domain.job import Job
from jobsched_disk_usage.payload import DiskUsagePayload


class DiskUsage(CallbackAction):
    """A machine says how full one of its disks is."""

    name: ClassVar[str] = "disk_usage"
    payload_schema: ClassVar[type[Schema]] = DiskUsagePayload

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> Fact:
        """Note it with the job; the machine is named, as a job may have had several."""
        del job, launch
        used, total = payload["used_bytes"], payload["total_bytes"]
        data = {"instance_id": instance_id, **payload, "used_percent": round(100 * used / total, 1)}
        return Noted(at=now, source=self.name, data=data)
