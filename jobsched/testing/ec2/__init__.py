"""A fake EC2 that is honest: it behaves like the real one where that hurts.

`with FakeEc2() as ec2:` starts it for a test; `python -m jobsched.testing.ec2` starts it for a
person. `docs/explanation/assumptions.md` lists its rules, each with the page of AWS that it was
read from.
"""

from __future__ import annotations

from jobsched.testing.ec2.client import FakeEc2
from jobsched.testing.ec2.shown import Machine, Volume

__all__ = ["FakeEc2", "Machine", "Volume"]
