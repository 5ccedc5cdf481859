"""Where the jobs of ``jobsched demo`` run: this machine, or machines of the local cloud."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from jobsched.cli import demo_server, local_runner, output
from jobsched.cli.cloud import one_sentence
from jobsched.cli.docker_engine import DockerEngine
from jobsched.cli.failure import FAILED, Failure
from jobsched.cli.sample import INTERRUPTED, SAMPLES, Sample
from jobsched.client import Client, Document

if TYPE_CHECKING:
    from jobsched.testing.cloud import LocalCloud

#: between the notice and the end of a machine that is interrupted; EC2 gives two minutes
NOTICE = timedelta(seconds=40)
#: so that nobody waits for what a deployment looks at every 20 seconds
QUICK = {
    "JOBSCHED_WORKER_SWEEP_EVERY": "1s",
    "JOBSCHED_LIMITS_TERMINATE_AGAIN": "2s",
    "JOBSCHED_LIMITS_FIND_AGAIN": "1s",
}
ON_EC2 = {
    "JOBSCHED_PLUGINS": "ec2_spot,docker_runner",
    "JOBSCHED_PROVIDER": "ec2_spot",
    "JOBSCHED_RUNNER": "docker_runner",
    "JOBSCHED_EC2_SPOT_INSTANCE_TYPES": "m7i.large,c7i.large",
}


def _nothing(_: Sequence[Document]) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the jobs are run by, and what happens to them meanwhile."""

    client: Client
    image: str
    samples: Sequence[Sample]
    #: how long the jobs may take before they are shown as they stand
    limit: timedelta
    #: how long those that were cancelled because of that may take to end
    ends_within: timedelta
    #: whether machines come and go
    has_machines: bool = False
    #: is told how the jobs stand, now and then
    meanwhile: Callable[[Sequence[Document]], None] = field(default=_nothing)


@contextmanager
def this_machine(folder: Path, image: str | None, required: str | None) -> Iterator[Stage]:
    """Run them on this machine's Docker Engine, else as processes.

    Raises:
        Failure: the runner is not the required one, or the server does not come up.
    """
    chosen = local_runner.for_demo(image)
    if chosen.sentence:
        output.progress(chosen.sentence)
    if required and f"{required}_runner" != chosen.runner:
        raise Failure(f"JOBSCHED_DEMO_REQUIRE={required} is not met: {chosen.runner}", FAILED)
    with demo_server.running(folder, {"JOBSCHED_RUNNER": chosen.runner}) as client:
        yield Stage(
            client=client,
            image=chosen.image,
            samples=SAMPLES,
            limit=timedelta(seconds=60),
            ends_within=timedelta(seconds=20),
        )


@contextmanager
def local_cloud(folder: Path, image: str | None) -> Iterator[Stage]:
    """Run each on a machine of its own that really boots, and interrupt one of them.

    Raises:
        Failure: the cloud cannot run here, or the server does not come up.
    """
    from jobsched.testing.cloud import LocalCloud  # noqa: PLC0415 (moto, docker: not for --help)

    name = image or DockerEngine.usual().image_with_shell() or local_runner.NO_IMAGE
    with one_sentence(), LocalCloud(images=[name], progress=output.progress) as cloud:
        with demo_server.running(folder, settings_on(cloud)) as client:
            yield Stage(
                client=client,
                image=name,
                samples=(*SAMPLES, INTERRUPTED),
                limit=timedelta(minutes=5),
                ends_within=timedelta(minutes=1),
                has_machines=True,
                meanwhile=Interrupter(cloud.ec2),
            )
        if left := cloud.ec2.alive():
            raise Failure(f"machines were left: {', '.join(left)}", FAILED)


def settings_on(cloud: LocalCloud) -> Mapping[str, str]:
    """Give the settings of a deployment whose machines are the cloud's."""
    with socket.socket() as found:
        found.bind((cloud.gateway, 0))
        port = found.getsockname()[1]
    token = secrets.token_hex(16)
    return {**cloud.settings(port), **ON_EC2, **QUICK, "JOBSCHED_API_TOKEN": token}


class Interrupts(Protocol):
    """What takes machines away."""

    def interrupt(self, wanted: str, /, *, notice: bool, seconds: float) -> object:
        """Take one away, some seconds after its notice."""
        ...


class Interrupter:
    """Takes the machine of the first attempt away from the job that wants to see that."""

    def __init__(self, ec2: Interrupts) -> None:
        self._ec2 = ec2
        self._taken: set[str] = set()

    def __call__(self, jobs: Sequence[Document]) -> None:
        """Look how they stand."""
        for job in jobs:
            wanted = job["name"] == INTERRUPTED.name and job["status"] == "running"
            if wanted and job["id"] not in self._taken:
                self._taken.add(job["id"])
                machine = job["aws"]["instance_id"]
                self._ec2.interrupt(machine, notice=True, seconds=NOTICE.total_seconds())


__all__ = ["Interrupter", "Stage", "local_cloud", "settings_on", "this_machine"]
