"""The checks of the core that ask the deployment's Redis, in the order in which they are told."""

from __future__ import annotations

from jobsched.bootstrap.doctor.jobs import job_checks
from jobsched.bootstrap.doctor.server import Server
from jobsched.bootstrap.doctor.server_door import Authentication, Encryption, User
from jobsched.bootstrap.doctor.server_kind import Cluster, Connections, Replicas, Version
from jobsched.bootstrap.doctor.server_script import Latency, Scripts
from jobsched.bootstrap.doctor.store import Answers, Deployment, Durability, Memory, Skew
from jobsched.config import Config
from jobsched.contracts.check import Check


def store_checks(server: Server, config: Config, *, fix: bool) -> list[Check]:
    """Give them; with ``fix``, those that can put something right do."""
    return [
        Answers(server, config),
        Deployment(server, config),
        Version(server),
        Durability(server),
        Memory(server),
        Replicas(server),
        Cluster(server),
        Authentication(server),
        User(server),
        Encryption(server),
        Skew(server),
        Scripts(server),
        Latency(server),
        Connections(server),
        *job_checks(server, config, fix=fix),
    ]


__all__ = ["store_checks"]
