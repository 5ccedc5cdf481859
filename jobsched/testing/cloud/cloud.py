"""A cloud on this machine, for a test: started, looked into, ended without a trace."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Literal, Self

from jobsched.testing.cloud import engine, image, leftover, recipe
from jobsched.testing.cloud.event import Event
from jobsched.testing.cloud.mark import Mark
from jobsched.testing.cloud.process import Process
from jobsched.testing.cloud.trouble import CannotRun
from jobsched.testing.cloud.visit import Visit
from jobsched.testing.ec2 import FakeEc2
from jobsched.testing.ec2.process import MISSING


def _nothing(_: Any) -> None:
    """Tell nobody."""


class LocalCloud:
    """A fake EC2 whose machines really boot, and run the user data of their launch.

    A machine has the private address that EC2 tells, reachable from this host; this host is
    `gateway` for it. `poweroff` in it terminates it, TerminateInstances takes it away, and an
    interruption is told by its metadata service and then takes it away.

    Args:
        region: the one that the fake serves.
        port: where the fake listens, on 127.0.0.1; 0: the system chooses.
        mode: `systemd`, or `light`: machines without systemd and cloud-init, for many at one time;
            a stand-in carries out what user data asks of `systemctl`.
        debian: the release that machines boot, 12 or 13.
        machine_image: name of an image of this host's engine that machines boot from, in place of
            the one that is made for the release; it must be built on one of those.
        images: names of images of this host's engine that the machines' engines have.
        progress: is told in a sentence what takes long.
        tell: is told what happens to the machines, by a thread of this.

    Raises:
        CannotRun: on entering it: something that it needs is not here.
    """

    def __init__(
        self,
        *,
        region: str = "us-east-1",
        port: int = 0,
        mode: Literal["systemd", "light"] = "systemd",
        debian: int = recipe.USUAL,
        machine_image: str | None = None,
        images: Sequence[str] = ("busybox:latest",),
        progress: Callable[[str], None] = _nothing,
        tell: Callable[[Event], None] = _nothing,
    ) -> None:
        self._region, self._port = region, port
        self._mode, self._debian, self._images = mode, debian, images
        self._machine_image = machine_image
        self._progress, self._tell = progress, tell
        self._stack = ExitStack()
        self._started: tuple[Process, FakeEc2, Visit] | None = None
        #: what has happened so far, oldest first
        self.events: list[Event] = []

    def __enter__(self) -> Self:
        _check_host()
        with ExitStack() as stack:
            name = self._machine_image or image.ensure(self._progress, self._debian)
            process = Process(name, self._images, self._mode, self._happened)
            stack.callback(_end, process)
            ec2 = FakeEc2(
                self._region, self._port, network=process.ready.addresses, has_bodies=True
            )
            try:
                stack.enter_context(ec2)
            except RuntimeError as error:
                raise CannotRun(str(error)) from error
            process.follow(ec2.url)
            # Entered last, ended first: bodies go while the fake is there, without its knowledge.
            stack.callback(process.stop)
            self._started = process, ec2, Visit(process.ready)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def ec2(self) -> FakeEc2:
        """Give the fake EC2, to be told and asked."""
        return self._running[1]

    @property
    def gateway(self) -> str:
        """Give this host's address as the machines see it: what they call must listen there."""
        return self._running[0].ready.gateway

    @property
    def addresses(self) -> str:
        """Give the range of the machines' addresses: that of the default VPC."""
        return self._running[0].ready.addresses

    @property
    def name(self) -> str:
        """Give the cloud's name: the value of the label `jobsched.cloud` of all that it makes."""
        return self._running[0].ready.cloud

    @property
    def pid(self) -> int:
        """Give the number of the process that keeps the machines."""
        return self._running[0].pid

    @property
    def environment(self) -> dict[str, str]:
        """Give variables with which AWS SDKs and jobsched find it; the keys are made up."""
        return self.ec2.environment | {
            "JOBSCHED_EC2_SPOT_ENDPOINT_URL": self.ec2.url,
            "JOBSCHED_EC2_SPOT_REGION": self.ec2.region,
        }

    def settings(self, api_port: int) -> dict[str, str]:
        """Give variables of a deployment on this host whose machines are this cloud's.

        Its API must listen where the machines reach it, and so needs a token (JOBSCHED_API_TOKEN).

        Args:
            api_port: where the API listens, at `gateway`.
        """
        api = f"http://{self.gateway}:{api_port}"
        return self.environment | {
            # workers are on this host, and reach the machines from there
            "JOBSCHED_EC2_SPOT_WORKER_SOURCE": f"{self.gateway}/32",
            "JOBSCHED_API_HOST": self.gateway,
            "JOBSCHED_API_PORT": str(api_port),
            "JOBSCHED_CALLBACK_URL": f"{api}/callback",
        }

    def wait(self) -> None:
        """Return when the process that keeps the machines has ended, as it should not."""
        self._running[0].wait()

    def bodies(self) -> list[str]:
        """Give the ids of the machines that have a body now."""
        return self._running[2].bodies()

    def run(self, machine: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as root in a machine; `stdout` has what it wrote, errors among it.

        Raises:
            KeyError: the machine has no body.
        """
        return self._running[2].run(machine, command)

    def console(self, machine: str) -> str:
        """Give what a machine wrote on its console; also when it is gone, until the cloud ends.

        Raises:
            KeyError: it never had a body.
        """
        return self._running[2].console(machine)

    def recommend_rebalance(self, machine: str) -> None:
        """Tell a spot machine that it may be interrupted soon.

        Raises:
            ValueError: it is no spot machine.
        """
        self.ec2.recommend_rebalance(machine)

    def slow_down(self, boot_seconds: float) -> None:
        """Let machines that are launched from now on take longer to boot; -1: for ever."""
        self.ec2.slow_down(boot_seconds)

    @property
    def _running(self) -> tuple[Process, FakeEc2, Visit]:
        if self._started is None:
            raise RuntimeError("the cloud does not run: with LocalCloud() as cloud: …")
        return self._started

    def _happened(self, event: Event) -> None:
        self.events.append(event)
        self._tell(event)


def _check_host() -> None:
    if sys.platform != "linux":
        raise CannotRun("the local cloud needs Linux, where containers can be reached directly")
    if find_spec("moto") is None:
        raise CannotRun(MISSING)


def _end(process: Process) -> None:
    """End the keeper; take away what one leaves that was killed."""
    if not process.stop():
        with contextlib.closing(engine.connect()) as client:
            leftover.remove(client, process.ready.cloud)
        Mark(cloud=process.ready.cloud, folder=process.ready.folder, host="").forget()


__all__ = ["LocalCloud"]
