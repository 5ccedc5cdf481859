"""What is promised, each with a name, and who watches that it is kept."""

from __future__ import annotations

from jobsched.testing.simulator.promise.names import PROMISES, Broken
from jobsched.testing.simulator.promise.promises import Promises
from jobsched.testing.simulator.promise.witnessed import Witnessed

__all__ = ["PROMISES", "Broken", "Promises", "Witnessed"]
