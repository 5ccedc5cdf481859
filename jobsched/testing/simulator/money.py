"""What was spent beyond what had to be, and how late jobs began: counted, in many worlds summed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Money:
    """The counts of one world, or of several."""

    machines: int = 0
    #: why a machine was one too many → how many
    extra: dict[str, int] = field(default_factory=dict)
    #: for each machine the seconds that it was on after its record did not want it any more
    orphan_seconds: list[float] = field(default_factory=list)
    #: for each job that began the seconds from its schedule to its first start
    late_seconds: list[float] = field(default_factory=list)
    #: jobs that were acknowledged, and forgotten with a store's last second
    lost_acceptances: int = 0

    def add(self, other: Money) -> None:
        """Add what another world has spent."""
        self.machines += other.machines
        for why, times in other.extra.items():
            self.extra[why] = self.extra.get(why, 0) + times
        self.orphan_seconds += other.orphan_seconds
        self.late_seconds += other.late_seconds
        self.lost_acceptances += other.lost_acceptances

    def note_extra(self, why: str) -> None:
        """Count a machine that was one too many."""
        self.extra[why] = self.extra.get(why, 0) + 1


def percentile(part: float, of: list[float]) -> float:
    """Give the least number that so great a part of them does not pass; 0 for none."""
    if not of:
        return 0.0
    return sorted(of)[max(0, -int(-part * len(of) // 1) - 1)]


__all__ = ["Money", "percentile"]
