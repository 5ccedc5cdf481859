"""All seeded bugs."""

from __future__ import annotations

from typing import Final

from jobsched.testing.simulator.mutations.launches import LAUNCHES
from jobsched.testing.simulator.mutations.machines import MACHINES
from jobsched.testing.simulator.mutations.mutation import Mutation
from jobsched.testing.simulator.mutations.reaper import REAPER
from jobsched.testing.simulator.mutations.records import RECORDS
from jobsched.testing.simulator.mutations.starts import STARTS
from jobsched.testing.simulator.mutations.waiting import WAITING

#: name → mutation
MUTATIONS: Final[dict[str, Mutation]] = {
    one.name: one for one in (*LAUNCHES, *MACHINES, *STARTS, *RECORDS, *REAPER, *WAITING)
}

__all__ = ["MUTATIONS"]
