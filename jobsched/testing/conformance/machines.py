"""The machines of one provider test, all of which are given back after it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import InstanceStatus, Provider
from jobsched.domain.job import Instance, JobId, Offer
from jobsched.errors import OperationFailed
from jobsched.testing.conformance import stored
from jobsched.testing.conformance.answer import answer
from jobsched.testing.conformance.breach import Broken, expect
from jobsched.testing.conformance.settling import settled

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A machine that was asked for, as the core would know it."""

    order: MachineOrder
    request: str
    status: InstanceStatus
    instance: Instance

    @property
    def token(self) -> str:
        """What it is found by."""
        return self.order.token


@dataclass(slots=True, kw_only=True)
class Machines:
    """A provider, the same cloud as another worker sees it, and what was asked of it."""

    provider: Provider
    another: Provider
    #: what every order begins with
    template: MachineOrder
    #: machines that a test may have at one time
    at_once: int
    #: how long a machine may take to be described as gone
    gone_within: timedelta
    #: how long a call may take
    answers_within: timedelta
    #: pause between two renderings of one request
    freezes_apart: timedelta
    #: texts that may be shown nowhere
    secrets: tuple[str, ...] = ()
    #: token → request, of those whose answer is not known
    _doubtful: dict[str, str] = field(default_factory=dict)
    #: id → machine, of those that are on
    _alive: dict[str, Instance] = field(default_factory=dict)

    @property
    def left(self) -> str:
        """What may be on: ids of machines, and tokens of those that nobody has named; or empty."""
        return ", ".join([*self._alive, *self._doubtful])

    async def ask(self, work: Awaitable[T]) -> T:
        """Give the answer of a call, which it must give in time."""
        return await answer(work, within=self.answers_within)

    def need(self, number: int) -> None:
        """Skip the test if it may not have so many machines at one time."""
        if self.at_once < number:
            pytest.skip(f"needs {number} machines at one time; at_once is {self.at_once}")

    def stranger(self, like: Launched) -> Launched:
        """Give a machine that never was, in the shape of one that is."""
        order = self.order()
        kind = str.maketrans("0123456789", "1234567890")
        identifier = like.instance.id.translate(kind)
        if identifier == like.instance.id:
            identifier += "0"
        state = json.dumps(like.instance.state)
        for mine, other in ((like.token, order.token), (like.instance.id, identifier)):
            state = state.replace(mine, other)
        instance = replace(like.instance, id=identifier, state=json.loads(state))
        return replace(like, order=order, instance=instance)

    def order(self) -> MachineOrder:
        """Order a machine that nobody has ordered before."""
        return replace(
            self.template,
            job=JobId(secrets.token_hex(16)),
            attempt=1,
            launch=1,
            token=secrets.token_hex(32),
            dies_at=datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2),
            callback_url=self.template.callback_url or "http://127.0.0.1:9/callback",
            callback_token=f"callback-{secrets.token_hex(16)}",
        )

    async def freeze(self, order: MachineOrder) -> str:
        """Give the frozen request of the order's best offer."""
        return await self.ask(self.provider.freeze(order, (await self.offers(order))[0]))

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Ask for offers as the core does, before there is a launch."""
        early = replace(order, launch=0, token="", callback_token="")
        offers = await self.ask(self.provider.offers(early))
        expect(offers, "offers gave none", do="Raise ProviderFailed if there is none.")
        return offers

    async def send(
        self, order: MachineOrder, request: str, *, by: Provider | None = None
    ) -> Launched:
        """Send a request, and write down that it may have a machine."""
        self.expects(order, request)
        try:
            status = await self.ask((by or self.provider).provision(request))
        except OperationFailed as error:
            if error.effect == "none" and error.then != "later":
                del self._doubtful[order.token]
            raise
        if status.instance is None:
            raise Broken(f"provision gave {status}, without a machine")
        del self._doubtful[order.token]
        if status.phase != "gone":
            self._alive[status.instance.id] = status.instance
        return Launched(order=order, request=request, status=status, instance=status.instance)

    async def launch(self) -> Launched:
        """Have a machine that nobody had before, of the first offer that is not refused.

        Raises:
            OperationFailed: all offers were refused.
        """
        return await self.try_offers(self.send)

    async def try_offers(self, work: Callable[[MachineOrder, str], Awaitable[T]]) -> T:
        """Do something with a launch's request, of the first offer that is not refused.

        Raises:
            OperationFailed: all offers were refused.
        """
        *others, last = await self.offers(self.order())
        for offer in others:
            try:
                return await work(*await self._frozen(offer))
            except OperationFailed as error:
                if (error.effect, error.then) != ("none", "next"):
                    raise
        return await work(*await self._frozen(last))

    async def _frozen(self, offer: Offer) -> tuple[MachineOrder, str]:
        # Each offer is tried by a launch of its own, with its own token.
        order = self.order()
        return order, await self.ask(self.provider.freeze(order, offer))

    def expects(self, order: MachineOrder, request: str) -> None:
        """Write down that a request may have a machine that nobody was told of."""
        self._doubtful[order.token] = request

    async def find(self, token: str, *, by: Provider | None = None) -> InstanceStatus | None:
        """Find a machine that must be there; give None only after ``settles_within``."""
        provider = by or self.provider

        def is_there(status: InstanceStatus | None) -> bool:
            return status is not None and status.phase != "unknown"

        return await settled(
            lambda: self.ask(provider.find(token)), is_there, within=provider.settles_within
        )

    async def describe(
        self, *launched: Launched, by: Provider | None = None
    ) -> Mapping[str, InstanceStatus]:
        """Describe all machines, until those that must be there are, or ``settles_within``."""
        provider = by or self.provider
        known = {one.token: stored.kept(one.instance) for one in launched}
        return await settled(
            lambda: self.ask(provider.describe_all(known)),
            lambda seen: all(token in seen and seen[token].phase != "unknown" for token in known),
            within=provider.settles_within,
        )

    async def give_back(self, instance: Instance, *, by: Provider | None = None) -> InstanceStatus:
        """Terminate a machine until it is described as gone; give what was said last."""
        provider = by or self.provider
        kept = stored.kept(instance)
        status = await settled(
            lambda: self.ask(provider.terminate(kept)),
            lambda seen: seen.phase == "gone",
            within=self.gone_within,
        )
        if status.phase != "gone":
            raise Broken(
                f"{instance.id} is described as {status.phase} after "
                f"{self.gone_within.total_seconds():g} s of terminations"
            )
        self._alive.pop(instance.id, None)
        return status

    async def clean(self) -> None:
        """Give back everything that may be on.

        A request whose answer was lost is sent again: that names its machine, if it has one.
        """
        while self._doubtful:
            token, request = self._doubtful.popitem()
            with suppress(OperationFailed):
                await self.send(replace(self.template, token=token), request)
        while self._alive:
            await self.give_back(next(iter(self._alive.values())))


__all__ = ["Launched", "Machines"]
