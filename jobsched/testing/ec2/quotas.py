"""How many machines of a market the account may have."""

from __future__ import annotations

from typing import Final

from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.refusal import Refusal

CODES: Final = {
    "spot": ("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded"),
    "on-demand": (
        "VcpuLimitExceeded",
        "You have requested more vCPU capacity than your current vCPU limit allows.",
    ),
}


def check(cloud: Cloud, market: str) -> None:
    """Raise a Refusal if one more machine would be too many.

    The fake counts machines, AWS counts their processors; which code is answered is the same.
    """
    quota = cloud.switches.quota.get(market)
    if quota is not None and len(cloud.alive(market)) >= quota:
        raise Refusal(*CODES[market])


__all__ = ["check"]
