"""A host of the pool, as it is configured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where one Docker Engine listens, and the one certificate that it is known by."""

    name: str
    address: str
    port: int
    #: PEM file
    certificate: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What every host is shown: PEM files."""

    certificate: Path
    key: Path


__all__ = ["Credentials", "Host"]
