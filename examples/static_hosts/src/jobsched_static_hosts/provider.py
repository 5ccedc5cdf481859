"""The provider: each launch has one host of the pool to itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import Caps, InstanceStatus, OwnedMachine, Provider
from jobsched.contracts.services import Services
from jobsched.domain.job import Instance, Json, Offer
from jobsched.errors import ProviderFailed

from jobsched_static_hosts import lease, machine, question
from jobsched_static_hosts.asking import Asking
from jobsched_static_hosts.engine import Connect, InDoubt, Unanswered
from jobsched_static_hosts.host import Host
from jobsched_static_hosts.lease import Lease
from jobsched_static_hosts.pinned import certificate_of
from jobsched_static_hosts.question import Seen
from jobsched_static_hosts.ranking import Ranking


class StaticHosts(Provider):
    """Hands out Docker hosts that are always there, and asks each host itself who has it.

    The lease lies on the host: neither this process nor the store needs to live for it to hold.
    """

    name: ClassVar[str] = "static_hosts"
    status_section: ClassVar[str] = "static_hosts"
    destroys_machine: ClassVar[bool] = False
    access: ClassVar[frozenset[str]] = frozenset({machine.KIND})
    #: a request that timed out may still lie in a slow engine's queue
    settles_within = timedelta(minutes=1)

    def __init__(
        self,
        hosts: Sequence[Host],
        connect: Connect,
        services: Services,
        *,
        alive: int | None = None,
        lead: timedelta = timedelta(0),
    ) -> None:
        self.caps = Caps(alive=alive or len(hosts))
        self.lead = lead
        self._hosts = {host.name: host for host in hosts}
        self._ranking = Ranking(self._hosts)
        self._ask = Asking(connect, services.spawn, len(hosts))
        self._deployment = services.deployment
        self._clock = services.clock
        #: tokens whose request may have been carried out, although nobody said so
        self._doubted: set[str] = set()

    def status(self, instance: Instance | None) -> Json:
        """Give host and address; nulls before there is one."""
        return machine.section(instance)

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Offer every host, those first that were free when they were last heard of."""
        return [
            Offer(label=f"host {name}", state={"host": name})
            for name in self._ranking.order(f"{order.job}/{order.attempt}")
        ]

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Render the lease; the same order and offer give the same bytes."""
        return json.dumps(
            {
                "attempt": order.attempt,
                "deployment": order.deployment,
                "dies_at": order.dies_at.isoformat() if order.dies_at else None,
                "host": offer.state["host"],
                "job": order.job,
                "token": order.token,
            },
            sort_keys=True,
        )

    async def provision(self, request: str) -> InstanceStatus:
        """Take the host, or adopt it where the same request took it before."""
        frozen = json.loads(request)
        host, wanted = self._hosts.get(frozen["host"]), machine.lease_in(frozen)
        if host is None:
            why = f"{frozen['host']} was taken out of the configuration"
            raise ProviderFailed("host_removed", why, then="next")
        seen = await self._take(host, wanted)
        if seen.lease is None or seen.is_over:
            return machine.gone(host.name, wanted)
        if seen.lease.token != wanted.token:
            raise ProviderFailed("no_capacity", _taken(host, seen.lease), then="next")
        return _running(host, seen.lease, seen.engine_id)

    async def find(self, token: str) -> InstanceStatus | None:
        """Ask every host for a lease of the token, or for what is left of one.

        Raises:
            ProviderFailed: it was not found, and a host that did not answer may have it.
        """
        answers = await self._ask.all(self._hosts.values(), question.find, token)
        for host, seen in answers:
            if isinstance(seen, Seen) and seen.lease is not None:
                if seen.is_over:
                    return machine.gone(host.name, seen.lease)
                return _running(host, seen.lease, seen.engine_id)
        _refuse_silence(answers)
        return None

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Ask every host for its lease; a silent one makes only its own launch unknown."""
        answers = await self._ask.all(self._hosts.values(), question.see)
        for host, answer in answers:
            is_free = isinstance(answer, Seen) and answer.lease is None
            self._ranking.note(host.name, is_free=is_free)
        seen = {host.name: answer for host, answer in answers}
        described = {
            token: _without_lease(instance, seen.get(machine.host_of(instance)))
            for token, instance in known.items()
        }
        for host, answer in answers:
            held = answer.lease if isinstance(answer, Seen) else None
            if isinstance(answer, Seen) and held and held.deployment == self._deployment:
                described[held.token] = _running(host, held, answer.engine_id)
        return described

    async def owned(self) -> Sequence[OwnedMachine]:
        """Ask every host for a lease of this deployment.

        Raises:
            ProviderFailed: a host that did not answer may have one.
        """
        answers = await self._ask.all(self._hosts.values(), question.see)
        _refuse_silence(answers)
        return [
            machine.owned(host, seen.lease)
            for host, seen in answers
            if isinstance(seen, Seen) and seen.lease and seen.lease.deployment == self._deployment
        ]

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Remove the lease from the host, which goes on."""
        host = self._hosts.get(machine.host_of(instance))
        if host is None:
            return InstanceStatus(phase="gone", lost=True, instance=instance)
        ended = machine.lease_of(instance, self._deployment)
        try:
            await self._ask.one(host, lease.give_back, ended, self._clock.now())
        except Unanswered as error:
            raise _failed(host, error, "unknown") from error
        self._ranking.note(host.name, is_free=True)
        return InstanceStatus(phase="gone", access=instance.access, instance=instance)

    async def _take(self, host: Host, wanted: Lease) -> Seen:
        # Whoever has it afterwards, it is not free.
        self._ranking.note(host.name, is_free=False)
        try:
            seen = await self._ask.one(host, question.take, wanted, self._clock.now())
        except InDoubt as error:
            self._doubted.add(wanted.token)
            raise _failed(host, error, "unknown") from error
        except Unanswered as error:
            # A definite refusal only where no earlier try of ours may have been carried out.
            effect: Effect = "unknown" if wanted.token in self._doubted else "none"
            raise _failed(host, error, effect) from error
        self._doubted.discard(wanted.token)
        return seen


Effect = Literal["none", "unknown"]


def _failed(host: Host, error: Unanswered, effect: Effect) -> ProviderFailed:
    return ProviderFailed(error.reason, f"{host.name}: {error}", effect=effect, then="next")


def _refuse_silence(answers: Sequence[tuple[Host, Seen | Unanswered | None]]) -> None:
    silent = [host.name for host, answer in answers if isinstance(answer, Unanswered)]
    if silent:
        why = f"no answer from {', '.join(silent)}"
        raise ProviderFailed("host_unreachable", why, effect="unknown")


def _taken(host: Host, holder: Lease) -> str:
    if not holder.token:
        return f"{host.name} has a container {lease.NAME} that is no lease"
    until = f", until {holder.dies_at:%Y-%m-%d %H:%M} UTC at the latest" if holder.dies_at else ""
    return f"{host.name} serves a job of the deployment {holder.deployment}{until}"


def _running(host: Host, held: Lease, engine_id: str) -> InstanceStatus:
    return machine.running(host, held, certificate_of(host), engine_id)


def _without_lease(instance: Instance, seen: Seen | Unanswered | None) -> InstanceStatus:
    """Describe a launch whose lease is not seen."""
    if seen is None:
        # The host was taken out of the configuration.
        return InstanceStatus(phase="gone", lost=True, instance=instance)
    if isinstance(seen, Unanswered):
        return InstanceStatus(phase="unknown", instance=instance)
    # Another engine at the same address was set up anew: what ran on the old one is out of reach.
    other = instance.access is not None and instance.access.host_id != seen.engine_id
    return InstanceStatus(phase="gone", lost=other, instance=instance)


__all__ = ["StaticHosts"]
