"""A cloud on this machine: the fake EC2, and a machine that really boots for each instance of it.

`with LocalCloud() as cloud:` starts one for a test; `jobsched cloud` starts one for a person.
Each instance is a Docker container with a real systemd, cloud-init and Docker Engine of its own.
It needs Linux, a Docker Engine, and moto (`pip install 'jobsched[fake-ec2]'`).
"""

from __future__ import annotations

from jobsched.testing.cloud.cloud import LocalCloud
from jobsched.testing.cloud.event import Event
from jobsched.testing.cloud.trouble import CannotRun, NoEngine

__all__ = ["CannotRun", "Event", "LocalCloud", "NoEngine"]
