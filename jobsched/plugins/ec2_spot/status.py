"""The section ``aws`` of ``GET /status``."""

from __future__ import annotations

from typing import Final

from jobsched.domain.job import Instance, Json

#: our key → the machine's own (:mod:`jobsched.plugins.ec2_spot.described`); the core fills in
#: ``ready``, which the machine itself tells
KEYS: Final = {
    "dns_name": "dns_name",
    "ready": None,
    "ip_address": "ip_address",
    "state": "state",
    "instance_type": "type",
    "availability_zone": "zone",
    "lifecycle": "market",
}


def section(instance: Instance | None) -> Json:
    """Give the section, with the seed document's keys first. Pure; nulls without a machine."""
    state = instance.state if instance else {}
    shown = {key: state.get(own) if own else None for key, own in KEYS.items()}
    return {"instance_id": instance.id if instance else None, **shown}


__all__ = ["section"]
