"""What a world is made for: in one that is not everything at once, rare pairs of faults meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobsched.contracts.provider import Caps


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """One narrow world."""

    #: kind of fault → how much oftener than usual it comes; the others do not come at all
    faults: Mapping[str, float] = field(default_factory=dict)
    #: whether machines outlive their jobs, and say nothing by themselves
    lives_on: bool = False
    #: whether what the indexes lost is looked for
    reconcile: bool = True
    #: whether a backup of the store is put back
    is_put_back: bool = False
    #: how many machines there may be
    caps: Caps = field(default_factory=Caps)


__all__ = ["Aim"]
