"""``jobsched doctor``: looks at what a deployment needs, and goes on where something is missing."""

from jobsched.bootstrap.doctor.examine import Result, examine

__all__ = ["Result", "examine"]
