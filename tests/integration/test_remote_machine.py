"""A whole job on a remote machine: another engine, reached over pinned TLS, as EC2's will be."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import docker
import pytest

from jobsched import bootstrap
from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import InstanceStatus, OwnedMachine, Provider
from jobsched.domain.job import Access, Instance, Job, JobId, Json, Offer
from jobsched.domain.state import State, state_of
from jobsched.engine.callback import receive
from jobsched.engine.parts import Parts
from jobsched.engine.submit import submit
from jobsched.errors import Gone
from jobsched.worker.dispatch import Pace
from jobsched.worker.working import working
from tests.engines import SecondEngine

pytestmark = [pytest.mark.second_engine, pytest.mark.timeout(90)]

WITHIN = timedelta(seconds=40)


class Remote(Provider):
    """Lends one remote engine, and leaves it to the machine to say that it is ready."""

    name: ClassVar[str] = "remote"
    status_section: ClassVar[str] = "remote"
    access: ClassVar[frozenset[str]] = frozenset({"docker_tls"})
    destroys_machine: ClassVar[bool] = False

    def __init__(self, address: str, port: int) -> None:
        self.where = Access(kind="docker_tls", address=address, port=port)
        self.lent: dict[str, str] = {}

    def status(self, instance: Instance | None) -> Json:
        """Give the id."""
        return {"instance_id": instance.id if instance else None}

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Offer the one machine."""
        return [Offer(label="the second engine")]

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Keep the token."""
        return json.dumps({"token": order.token})

    async def provision(self, request: str) -> InstanceStatus:
        """Lend it."""
        token = json.loads(request)["token"]
        self.lent[token] = f"remote-{token[:6]}"
        return self._described(token)

    async def find(self, token: str) -> InstanceStatus | None:
        """Look it up."""
        return self._described(token) if token in self.lent else None

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe what is lent."""
        return {token: self._described(token) for token in self.lent}

    async def owned(self) -> Sequence[OwnedMachine]:
        """Leave it to the record."""
        return []

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Take it back."""
        self.lent = {token: one for token, one in self.lent.items() if one != instance.id}
        return InstanceStatus(phase="gone", instance=instance)

    def _described(self, token: str) -> InstanceStatus:
        instance = Instance(id=self.lent[token], access=self.where)
        return InstanceStatus(phase="running", access=self.where, instance=instance)


@asynccontextmanager
async def remote_parts(
    second_engine: SecondEngine, redis_url: str, data_dir: Path
) -> AsyncIterator[Parts]:
    """A worker whose only provider is the remote machine."""
    environ = {
        "JOBSCHED_REDIS_URL": redis_url,
        "JOBSCHED_DEPLOYMENT": "remote",
        "JOBSCHED_SECRET": "remote" * 8,
        "JOBSCHED_DATA_DIR": str(data_dir),
        "JOBSCHED_PLUGINS": "docker_runner,local",
        "JOBSCHED_DOCKER_RUNNER_CLIENT_CERTIFICATE": str(second_engine.client_certificate),
        "JOBSCHED_DOCKER_RUNNER_CLIENT_KEY": str(second_engine.client_key),
    }
    config = bootstrap.configure(environ=environ)
    await bootstrap.init_store(config)
    provider = Remote(second_engine.address, second_engine.port)
    async with bootstrap.parts(config, worker="remote-worker") as (parts, plugins):
        defaults = {**parts.registry.defaults, "provider": "remote"}
        registry = replace(parts.registry, providers={"remote": provider}, defaults=defaults)
        async with working(replace(parts, registry=registry), plugins, Pace()) as at_work:
            yield at_work.parts


async def until(parts: Parts, job: JobId, *states: State) -> Job:
    """Give the job as soon as it is in one of the states."""
    async with asyncio.timeout(WITHIN.total_seconds()):
        while state_of(found := await parts.store.read(job)) not in states:
            await asyncio.sleep(0.05)
    return found


async def until_exited(engine: SecondEngine, job: JobId) -> None:
    """Wait until the job's container has ended, as the machine's own agent does."""
    wanted: dict[str, str | list[str] | bool] = {
        "label": f"jobsched.job={job}",
        "status": "exited",
    }
    with contextlib.closing(docker.DockerClient(base_url=engine.docker_host)) as client:
        async with asyncio.timeout(WITHIN.total_seconds()):
            while not client.containers.list(ignore_removed=True, all=True, filters=wanted):
                await asyncio.sleep(0.05)


async def test_a_job_runs_on_a_machine_that_says_it_is_ready(
    second_engine: SecondEngine, redis_url: str, tmp_path: Path
) -> None:
    """The machine's `update` brings its certificate; the worker pins it and runs the job."""
    async with remote_parts(second_engine, redis_url, tmp_path) as parts:
        wish = {
            "schedule": parts.now,
            "docker_image": second_engine.image,
            "cmd": ("sh", "-c", "echo from afar; exit 0"),
        }
        job = (await submit(parts, wish)).id
        booting = await until(parts, job, State.BOOTING)
        assert booting.attempt is not None
        instance = booting.attempt.launches[0].instance
        assert instance is not None
        said: dict[str, Any] = {
            "action": "update",
            "job_id": job,
            "instance_id": instance.id,
            "payload": {"certificate": second_engine.certificate},
            "token": parts.secrets.callback_token(job, 1, 1),
        }
        await receive(parts, **said)
        await until(parts, job, State.RUNNING, State.FINISHED, State.FAILED)
        # nobody watches a machine that speaks for itself
        await until_exited(second_engine, job)
        await receive(parts, **{**said, "action": "terminate", "payload": {"why": "ended"}})
        ended = await until(parts, job, State.FINISHED, State.FAILED)

        assert state_of(ended) is State.FINISHED
        logs = await parts.registry.log_store.read(job, 1)
        assert b"".join(part.data for part in logs) == b"from afar\n"
        with pytest.raises(Gone):
            await receive(parts, **said)
        client = docker.DockerClient(base_url=second_engine.docker_host)
        left = client.containers.list(
            ignore_removed=True, all=True, filters={"label": f"jobsched.job={job}"}
        )
        client.close()
        assert left == []
