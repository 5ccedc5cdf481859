"""A plugin in one file: this machine as if it were a cloud's, which refuses, and takes away.

As `local`, but a machine that is given back is destroyed with all that runs on it, and it is gone
only the second time that somebody looks. What a job asks for in its options happens to it.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import docker
from marshmallow import Schema, fields

from jobsched import hookimpl
from jobsched.contracts.callback import CallbackAction
from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.facts import AtRisk, Fact, Noted
from jobsched.domain.job import Container, Instance, Job, Offer
from jobsched.errors import ProviderFailed
from jobsched.plugins.docker_runner import lifecycle
from jobsched.plugins.docker_runner.clients import Connection
from jobsched.plugins.local.provider import LocalProvider


class Options(Schema):
    """What is to happen."""

    #: so many launches are refused
    refuse = fields.Integer(load_default=0)
    #: what a refusal says: next, fail, breaker
    then = fields.String(load_default="next")
    #: its machines are ready only when they say so
    quiet = fields.Boolean(load_default=False)


class Shaky(LocalProvider):
    """See the module."""

    name: ClassVar[str] = "shaky"
    status_section: ClassVar[str] = "shaky"
    destroys_machine: ClassVar[bool] = True
    options_schema: ClassVar[type[Schema] | None] = Options

    def __init__(self, services: Any) -> None:
        self._folder = services.data_dir / "shaky"
        super().__init__(
            replace(services, data_dir=self._folder), docker_host=os.environ["DOCKER_HOST"]
        )

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Add what is to happen, and what the machine says it with."""
        request = json.loads(await super().freeze(order, offer))
        options = {"options": order.options, "callback_token": order.callback_token}
        return json.dumps({**request, **options}, sort_keys=True)

    async def provision(self, request: str) -> InstanceStatus:
        """Refuse as often as is asked for."""
        frozen = json.loads(request)
        asked = Options().load(frozen["options"])
        if frozen["attempt"] == 1 and frozen["launch"] <= asked["refuse"]:
            raise ProviderFailed("no_capacity", "none left", then=asked["then"])
        return self._seen(await super().provision(request), frozen)

    async def find(self, token: str) -> InstanceStatus | None:
        """Look at its file."""
        return (await self.describe_all({})).get(token)

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Tell what became of each machine."""
        requests = {token: lease.request for token, _, lease in self._leases.all() if lease}
        found = await super().describe_all(known)
        return {token: self._seen(one, requests[token]) for token, one in found.items()}

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Destroy what runs there; it is going, and gone with the next look."""
        await asyncio.to_thread(self._destroy, self._leases.find(instance.state["token"]))
        status = await super().terminate(instance)
        return replace(status, phase="going")

    async def remove_leftovers(self) -> Sequence[str]:
        """Remove nothing."""
        return ["a disk"]

    def _seen(self, status: InstanceStatus, request: Mapping[str, Any]) -> InstanceStatus:
        if status.phase != "running":
            return status
        taken = (self._folder / f"taken-{request['job']}-{request['launch']}").exists()
        ready = not request["options"].get("quiet")
        return replace(status, ready=ready, interrupted=taken)

    def _destroy(self, found: Any) -> None:
        request = found[1].request
        client = docker.DockerClient(base_url=request["docker_url"])
        labels = [f"jobsched.{key}={request[key]}" for key in ("job", "attempt", "launch")]
        for one in client.containers.list(ignore_removed=True, all=True, filters={"label": labels}):
            one.remove(force=True)
        client.close()


class Note(CallbackAction):
    """A word that changes nothing."""

    name: ClassVar[str] = "note"
    payload_schema: ClassVar[type[Schema]] = Schema

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> Fact | None:
        """Note it."""
        del job, launch, instance_id, payload
        return Noted(at=now, source=self.name, data={"so": "it is"})


class Risk(CallbackAction):
    """The machine hears that it may be taken away."""

    name: ClassVar[str] = "risk"
    payload_schema: ClassVar[type[Schema]] = Schema

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> Fact | None:
        """Give the risk."""
        del instance_id, payload
        return AtRisk(at=now, attempt=job.attempt.no, launch=launch) if job.attempt else None


def _hesitate(folder: Path) -> None:
    """Let a start be under way for a second before it arrives, while ``hesitate`` is there."""
    start = lifecycle.start

    def later(connection: Connection, container: Container) -> None:
        if (folder / "hesitate").exists():
            (folder / "hesitates").touch()
            time.sleep(1)
        start(connection, container)

    lifecycle.start = later


@hookimpl
def jobsched_providers(services: Any) -> list[Shaky]:
    """Bring it."""
    _hesitate(services.data_dir)
    return [Shaky(services)]


@hookimpl
def jobsched_callback_actions() -> list[CallbackAction]:
    """Bring the words."""
    return [Note(), Risk()]
