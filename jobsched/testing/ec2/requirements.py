"""InstanceRequirements: whether a type fits."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Final

from jobsched.testing.ec2.catalogue import InstanceType

#: of all the GPUs in the catalogue
MANUFACTURER: Final = "nvidia"


def fitting(kind: InstanceType, wanted: dict[str, Any]) -> bool:
    """Whether a type has what is asked for; what the fake does not know of, it does not ask."""
    return (
        _between(kind.vcpus, wanted.get("VCpuCount"))
        and _between(kind.memory_mib, wanted.get("MemoryMiB"))
        and _allowed(kind, wanted)
        and _burstable(kind, wanted)
        and _accelerated(kind, wanted)
        and kind.manufacturer in (wanted.get("CpuManufacturers") or [kind.manufacturer])
    )


def _between(value: int, span: dict[str, int] | None) -> bool:
    bounds = span or {}
    most = bounds.get("Max")
    return value >= (bounds.get("Min") or 0) and (most is None or value <= most)


def _allowed(kind: InstanceType, wanted: dict[str, Any]) -> bool:
    allowed = wanted.get("AllowedInstanceTypes") or ["*"]
    excluded = wanted.get("ExcludedInstanceTypes") or []
    return _matches(kind, allowed) and not _matches(kind, excluded)


def _matches(kind: InstanceType, patterns: list[str]) -> bool:
    return any(fnmatchcase(kind.name, pattern) for pattern in patterns)


def _burstable(kind: InstanceType, wanted: dict[str, Any]) -> bool:
    told = wanted.get("BurstablePerformance") or "excluded"
    return {"included": True, "required": kind.is_burstable}.get(told, not kind.is_burstable)


def _accelerated(kind: InstanceType, wanted: dict[str, Any]) -> bool:
    # Without a word about accelerators, types with and without them fit.
    makers = wanted.get("AcceleratorManufacturers")
    types = wanted.get("AcceleratorTypes")
    if kind.gpus and not (types is None or "gpu" in types):
        return False
    if kind.gpus and not (makers is None or MANUFACTURER in makers):
        return False
    if (types or makers) and not kind.gpus:
        return False
    return _between(kind.gpus, wanted.get("AcceleratorCount"))


__all__ = ["fitting"]
