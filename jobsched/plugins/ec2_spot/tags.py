"""What every machine, volume and fleet of ours carries: whose it is and until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from jobsched.contracts.order import MachineOrder

DEPLOYMENT: Final = "jobsched:deployment"
JOB: Final = "jobsched:job"
ATTEMPT: Final = "jobsched:attempt"
#: the launch's idempotency token, by which its machine is found; good for nothing else
LAUNCH: Final = "jobsched:launch"
DIES_AT: Final = "jobsched:dies-at"


def of_order(order: MachineOrder) -> dict[str, str]:
    """Give the tags of a launch; no secret among them."""
    return {
        DEPLOYMENT: order.deployment,
        JOB: order.job,
        ATTEMPT: str(order.attempt),
        LAUNCH: order.token,
        DIES_AT: order.dies_at.isoformat() if order.dies_at else "",
    }


def name_of(deployment: str) -> str:
    """Give the name of what a deployment makes once: its launch template, its security group."""
    return f"jobsched-{deployment}"


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Give tags as AWS takes them, in a fixed order."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def read(described: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Give tags as AWS describes them."""
    return {tag["Key"]: tag["Value"] for tag in described}


def filters(**more: str | Sequence[str]) -> Any:
    """Make a list of AWS' filters; underscores stand for hyphens."""
    return [
        {"Name": name.replace("_", "-"), "Values": [value] if isinstance(value, str) else [*value]}
        for name, value in more.items()
    ]


def having(key: str, value: str) -> dict[str, Any]:
    """Make the filter for one tag."""
    return {"Name": f"tag:{key}", "Values": [value]}


__all__ = [
    "ATTEMPT",
    "DEPLOYMENT",
    "DIES_AT",
    "JOB",
    "LAUNCH",
    "filters",
    "having",
    "listed",
    "name_of",
    "of_order",
    "read",
]
