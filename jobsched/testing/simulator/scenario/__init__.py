"""An operator's question: so many jobs, such machines, these caps: how late, how many, what cost.

A scenario (`read`) is played by the production code in virtual time (`play`), and looked at
(`answered`): as one JSON object (`document`), as a picture (`picture.draw`). No network fails here:
it is a question about capacity, not a proof.
"""

from __future__ import annotations

from jobsched.testing.simulator.scenario.answer import Answer, answered
from jobsched.testing.simulator.scenario.document import document
from jobsched.testing.simulator.scenario.play import Played, play
from jobsched.testing.simulator.scenario.read import loaded, read
from jobsched.testing.simulator.scenario.scenario import Scenario

__all__ = ["Answer", "Played", "Scenario", "answered", "document", "loaded", "play", "read"]
