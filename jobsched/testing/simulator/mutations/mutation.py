"""A seeded bug: one rule that is broken, and the promise that must be seen to break with it."""

from __future__ import annotations

from dataclasses import dataclass

from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.mutations.patch import Patch, patched
from jobsched.testing.simulator.world import Setting, Told, tell

#: worlds of how many jobs are tried, the small ones first
SIZES = (4, 12, 40)
#: seconds within which all must have ended: days of a job that never ends show nothing more
LONGEST = 3 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One of the catalogue."""

    name: str
    #: what is broken, in a sentence
    broken: str
    #: the promises of which one must break, named before it was tried
    caught_by: tuple[str, ...]
    patches: tuple[Patch, ...]
    #: where the rule lives, and what holds it there, if what is patched only stands for it
    held_by: str = ""
    #: nets that would hold what falls through the broken rule, and are off: ``reaper`` and
    #: ``dead man`` by the world's setting, ``reconcile`` by its aim, others by a patch in ``also``
    nets_off: tuple[str, ...] = ()
    #: patches that the sound world has, too: nets that are off, and what its world is like
    also: tuple[Patch, ...] = ()
    #: promises that so hard a world breaks without the bug, too: a limit that
    #: docs/explanation/reliability.md names. Such a world shows nothing, and is passed over.
    limits: tuple[str, ...] = ()
    #: what the world is made for; None: everything, as usual
    aim: Aim | None = None
    heat: float = 1.0
    #: the store loses its last second now and then
    lossy: bool = False
    #: at most so many worlds of each size are looked at
    worlds: int = 200
    sizes: tuple[int, ...] = SIZES

    def setting(self, jobs: int) -> Setting:
        """Give the setting of its worlds."""
        return Setting(
            jobs=jobs,
            heat=self.heat,
            lossy=self.lossy,
            longest=LONGEST,
            reaper="reaper" not in self.nets_off,
            dead_man="dead man" not in self.nets_off,
            aim=self.aim,
        )

    def told(self, seed: int, jobs: int, *, is_broken: bool = True) -> Told:
        """Let a world happen with the bug, or the same one without it."""
        with patched([*self.also, *(self.patches if is_broken else ())]):
            return tell(seed, self.setting(jobs))

    def catches(self, told: Told) -> str:
        """Give the named promise that was broken; empty: none."""
        return next((one.name for one in told.broken if one.name in self.caught_by), "")


__all__ = ["SIZES", "Mutation"]
