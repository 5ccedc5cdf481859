"""A pool of three Docker hosts over TLS, with the example `static_hosts` to hand them out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import docker
import docker.errors
from docker.models.containers import Container

from tests.acceptance.deployment import Deployment, deployment
from tests.acceptance.product import ROOT
from tests.engines import SecondEngine, several_engines
from tests.services import RedisServer

EXAMPLE = ROOT / "examples" / "static_hosts"
LEASE = "jobsched-lease"
NAMES = ("red", "green", "blue")
#: a job's line that goes on until `Pool.let_all_go`
WAITS = "while [ ! -e /go ]; do sleep 0.1; done"


@dataclass(kw_only=True)
class Pool:
    """The hosts that live, by name, each with a client that looks past the product."""

    engines: dict[str, SecondEngine]
    clients: dict[str, docker.DockerClient]
    #: where the plugin is installed
    plugin: Path
    folder: Path

    def settings(self, *names: str) -> dict[str, str]:
        """Give the settings of a deployment that uses some of the hosts."""
        one = self.engines[names[0]]
        certificate, key = str(one.client_certificate), str(one.client_key)
        return {
            # neither the example nor its metadata is in the environment of the tests
            "PYTHONPATH": os.pathsep.join([str(self.plugin), str(ROOT)]),
            "JOBSCHED_PLUGINS": "static_hosts,docker_runner",
            "JOBSCHED_STATIC_HOSTS_HOSTS": json.dumps([self._host(name) for name in names]),
            "JOBSCHED_STATIC_HOSTS_CLIENT_CERTIFICATE": certificate,
            "JOBSCHED_STATIC_HOSTS_CLIENT_KEY": key,
            "JOBSCHED_STATIC_HOSTS_ANSWER_WITHIN": "2s",
            "JOBSCHED_DOCKER_RUNNER_CLIENT_CERTIFICATE": certificate,
            "JOBSCHED_DOCKER_RUNNER_CLIENT_KEY": key,
            "JOBSCHED_DOCKER_RUNNER_REQUEST_TIMEOUT": "2",
            "JOBSCHED_WORKER_SWEEP_EVERY": "1s",
            # two deployments wait for each other's hosts in rounds
            "JOBSCHED_LIMITS_ROUND": "200ms",
            "JOBSCHED_LIMITS_ROUND_MOST": "500ms",
        }

    @contextmanager
    def deployment(self, redis: RedisServer, **settings: str) -> Iterator[Deployment]:
        """Run an API that uses all of the hosts, still without a worker."""
        image = self.engines[NAMES[0]].image
        # no job may reach an engine of this machine
        here = "unix:///nowhere/docker.sock"
        settings = {**self.settings(*NAMES), **settings}
        engines = self.clients.values()
        # what is installed for them alone is seen by a new Python only
        with deployment(redis, here, image, *engines, is_forked=False, **settings) as made:
            yield made

    def lose(self, name: str, deployed: Deployment) -> None:
        """End a host for ever."""
        self.engines[name].kill()
        deployed.engines.remove(self.clients.pop(name))

    def most_jobs(self, *names: str, since: int) -> int:
        """Give how many jobs ran on hosts at one time, at most, as their engines tell."""
        # in whole seconds of the engines, so that what was a moment ago is among them
        span = {"since": since, "until": int(time.time()) + 1}
        wanted = {"type": "container", "event": ["start", "die"], "label": "jobsched.job"}
        told = chain.from_iterable(
            self.clients[name].events(filters=wanted, decode=True, **span) for name in names
        )
        running = most = 0
        for event in sorted(told, key=lambda event: int(event["timeNano"])):
            running += 1 if event["Action"] == "start" else -1
            most = max(most, running)
        return most

    def running(self) -> list[Container]:
        """Give the containers of jobs that run on the hosts that live."""
        wanted: dict[str, Any] = {"label": "jobsched.job"}
        lists = [
            client.containers.list(ignore_removed=True, filters=wanted)
            for client in self.clients.values()
        ]
        return list(chain.from_iterable(lists))

    def let_all_go(self) -> bool:
        """Let every job of `WAITS` that runs now end; true."""
        for one in self.running():
            # it may have ended meanwhile
            with suppress(docker.errors.APIError):
                one.exec_run(["touch", "/go"])
        return True

    def left(self) -> list[str]:
        """Give the containers on the hosts that live: jobs and leases of whatever deployment."""
        lists = [
            client.containers.list(ignore_removed=True, all=True)
            for client in self.clients.values()
        ]
        return [str(one.name) for found in lists for one in found]

    def _host(self, name: str) -> dict[str, Any]:
        engine = self.engines[name]
        certificate = self.folder / f"{name}.pem"
        certificate.write_text(engine.certificate)
        return {
            "name": name,
            "address": engine.address,
            "port": engine.port,
            "certificate": str(certificate),
        }


@contextmanager
def pool(plugin: Path, folder: Path) -> Iterator[Pool]:
    """Run three hosts."""
    with several_engines(len(NAMES)) as engines, ExitStack() as stack:
        clients = {
            name: stack.enter_context(
                closing(docker.DockerClient(base_url=engine.docker_host, timeout=20))
            )
            for name, engine in zip(NAMES, engines, strict=True)
        }
        by_name = dict(zip(NAMES, engines, strict=True))
        yield Pool(engines=by_name, clients=clients, plugin=plugin, folder=folder)


def install(folder: Path) -> None:
    """Install the example as a package of its own, next to everything that it depends on."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--target", str(folder), str(EXAMPLE)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
