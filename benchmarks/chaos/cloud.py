"""The stage on the local cloud: a machine that boots for each job. The fake EC2 is the witness."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from benchmarks.chaos.evidence import Body, Run
from benchmarks.chaos.recorder import Line
from jobsched.testing.cloud import LocalCloud

#: machines at one time
ALIVE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudStage:
    """Asks the fake EC2 about machines; of containers only they themselves tell."""

    gateway: str
    settings: Mapping[str, str]
    cloud: LocalCloud

    def bodies(self) -> Sequence[Body]:
        """Give the machines."""
        return [
            Body(
                job=one.tags["jobsched:job"],
                attempt=int(one.tags["jobsched:attempt"]),
                name=one.id,
                made_at=one.launched_at,
                gone_at=one.terminated_at,
            )
            for one in self.cloud.ec2.machines()
        ]

    def runs(self) -> Sequence[Run] | None:
        """Give nothing: the machines' engines are not asked."""
        return None

    def ended(self, line: Line) -> datetime | None:
        """Say when the machine ended that the line came from."""
        ends = [
            one.terminated_at
            for one in self.cloud.ec2.machines()
            if one.ip_address == line.address and one.launched_at <= line.at
        ]
        return ends[-1] if ends else None

    def left(self) -> Sequence[str]:
        """Give machines and disks that EC2 has, and bodies of machines."""
        bodies = [f"body {one}" for one in self.cloud.bodies()]
        disks = [f"disk {one.id}" for one in self.cloud.ec2.volumes()]
        return [*(f"machine {one}" for one in self.cloud.ec2.alive()), *bodies, *disks]


@contextmanager
def cloud_stage(image: str) -> Iterator[CloudStage]:
    """Have one of light machines, which the cloud takes away at its end."""
    with LocalCloud(images=[image], mode="light") as cloud:
        with socket.socket() as found:
            found.bind((cloud.gateway, 0))
            port = found.getsockname()[1]
        settings = {
            **cloud.settings(port),
            # the engine of this host is none of the deployment's
            "DOCKER_HOST": "unix:///nowhere",
            "JOBSCHED_API_TOKEN": secrets.token_hex(16),
            "JOBSCHED_PLUGINS": "ec2_spot,docker_runner",
            "JOBSCHED_PROVIDER": "ec2_spot",
            "JOBSCHED_RUNNER": "docker_runner",
            "JOBSCHED_EC2_SPOT_INSTANCE_TYPES": "m7i.large,c7i.large",
            # a job's machine boots in seconds here
            "JOBSCHED_EC2_SPOT_LEAD": "5s",
            "JOBSCHED_EC2_SPOT_ALIVE": str(ALIVE),
            # a machine's place is free for the next one when it was seen to be gone
            "JOBSCHED_WORKER_SWEEP_EVERY": "5s",
            "JOBSCHED_EC2_SPOT_HOURLY": "1000",
        }
        yield CloudStage(gateway=cloud.gateway, settings=settings, cloud=cloud)


__all__ = ["CloudStage", "cloud_stage"]
