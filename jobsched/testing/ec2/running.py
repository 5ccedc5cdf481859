"""RunInstances: machines of one pool, all or none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from jobsched.testing.ec2 import tokens
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.estate import Estate
from jobsched.testing.ec2.instance import described, state
from jobsched.testing.ec2.launching import Pool, launch
from jobsched.testing.ec2.machine import Machine


def run(cloud: Cloud, account: Estate, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer RunInstances.

    Raises:
        Refusal: nothing was launched.
    """
    return tokens.once(cloud, "RunInstances", asked, lambda: _run(cloud, account, asked))


def _run(cloud: Cloud, account: Estate, asked: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    pool = _pool(account, asked)
    token = asked.get("ClientToken")
    machines: list[Machine] = []
    try:
        for _ in range(int(asked.get("MaxCount") or 1)):
            machines.append(launch(cloud, account, pool, token=token))  # noqa: PERF401  # what was made must be known when one is refused
    except Exception:
        if len(machines) < int(asked.get("MinCount") or 1):
            for one in machines:
                _undone(cloud, one)
            raise
    begun = {"State": state("pending")}
    answer = {
        "ReservationId": cloud.new_id("r"),
        "OwnerId": account.number,
        "Instances": [described(cloud, one, one.launched_at) | begun for one in machines],
    }
    return answer, [one.id for one in machines]


def _undone(cloud: Cloud, machine: Machine) -> None:
    del cloud.machines[machine.id]
    for one in machine.volumes:
        del cloud.volumes[one]


def _pool(account: Estate, asked: dict[str, Any]) -> Pool:
    template = asked.get("LaunchTemplate")
    data = account.template(template)[1] if template else {}
    tags = [*(data.get("TagSpecifications") or ()), *(asked.get("TagSpecifications") or ())]
    settings = data | asked | {"TagSpecifications": tags}
    interface = (settings.get("NetworkInterfaces") or [{}])[0]
    wanted = settings.get("SubnetId") or interface.get("SubnetId")
    market = settings.get("InstanceMarketOptions") or {}
    limit = (market.get("SpotOptions") or {}).get("MaxPrice")
    return Pool(
        market="spot" if market.get("MarketType") == "spot" else "on-demand",
        kind=account.type(settings.get("InstanceType") or "m1.small"),
        subnet=account.subnet(wanted, (settings.get("Placement") or {}).get("AvailabilityZone")),
        settings=settings,
        limit=Decimal(limit) if limit else None,
    )


__all__ = ["run"]
