"""What was spent beyond what had to be, and how late jobs began: counted, in many worlds summed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(slots=True)
class Money:
    """The counts of one world, or of several."""

    machines: int = 0
    #: those of the worlds in which `extra` and `orphan_seconds` are counted
    jobs: int = 0
    #: why a machine was one too many → how many
    extra: dict[str, int] = field(default_factory=dict)
    #: for each machine the seconds that it was on after its record did not want it any more
    orphan_seconds: list[float] = field(default_factory=list)
    #: for each job that began the seconds from its schedule to its first start
    late_seconds: list[float] = field(default_factory=list)
    #: jobs that were acknowledged, and forgotten with a store's last second
    lost_acceptances: int = 0
    #: cancels that were saved and that a store forgot with its last second, told or not
    lost_cancels: int = 0
    #: ends that were saved and that a store forgot, so that the job goes on from before its end
    undone_ends: int = 0
    #: why a container was started again though all was done to prevent it → how often: what a store
    #: that loses its last second does not allow better (docs/explanation/reliability.md)
    limits: dict[str, int] = field(default_factory=dict)

    def add(self, other: Money) -> None:
        """Add what another world has spent."""
        self.machines += other.machines
        self.jobs += other.jobs
        for mine, theirs in ((self.extra, other.extra), (self.limits, other.limits)):
            for why, times in theirs.items():
                mine[why] = mine.get(why, 0) + times
        self.orphan_seconds += other.orphan_seconds
        self.late_seconds += other.late_seconds
        self.lost_acceptances += other.lost_acceptances
        self.lost_cancels += other.lost_cancels
        self.undone_ends += other.undone_ends

    def uncounted(self) -> Money:
        """Give it without what is measured: extra machines and orphans, and the jobs of both."""
        return replace(self, jobs=0, extra={}, orphan_seconds=[])

    @property
    def extra_per_1000(self) -> float:
        """Give how many machines were too many for a thousand of the jobs that count."""
        return 1000 * sum(self.extra.values()) / self.jobs if self.jobs else 0.0

    @property
    def orphans(self) -> dict[str, float]:
        """Give for how many seconds machines were on after they were wanted."""
        return {
            "p99": percentile(0.99, self.orphan_seconds),
            "max": max(self.orphan_seconds, default=0.0),
        }

    def note_extra(self, why: str) -> None:
        """Count a machine that was one too many."""
        self.extra[why] = self.extra.get(why, 0) + 1

    def note_limit(self, why: str) -> None:
        """Count a start that could not be prevented."""
        self.limits[why] = self.limits.get(why, 0) + 1


def percentile(part: float, of: list[float]) -> float:
    """Give the least number that so great a part of them does not pass; 0 for none."""
    if not of:
        return 0.0
    return sorted(of)[max(0, -int(-part * len(of) // 1) - 1)]


__all__ = ["Money", "percentile"]
