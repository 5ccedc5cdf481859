"""Providers that break one rule each, as an author's test module would hold them to the kit."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import uuid4

import pytest

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import InstanceStatus, OwnedMachine
from jobsched.domain.job import Instance, Json, Offer
from jobsched.testing import ProviderConformance
from jobsched.testing.fakes import FakeMachine, FakeProvider, FakeWorld, refused
from tests.unit.testing.conformance.imagined import empty_world


class Right(FakeProvider):
    """It breaks none."""


class AsksAnew(FakeProvider):
    """Each request gets a machine, also one that was sent before."""

    async def provision(self, request: str) -> InstanceStatus:
        """Make a new machine of the token."""
        self._answer()
        order = json.loads(request)
        token = order["token"]
        machine = FakeMachine(token=token, id=f"m-{uuid4().hex}", ready_at=0, order=order)
        self.world.machines[token] = machine
        return self._described(machine)


class RaisesWhenGone(FakeProvider):
    """What is gone is an error to it."""

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """End it, once."""
        self._answer()
        known = [one for one in self.world.machines.values() if one.id == instance.id]
        if any(one.phase == "gone" for one in known):
            raise LookupError(instance.id)
        for one in known:
            self.world.end(one)
        return InstanceStatus(phase="gone", instance=instance)


class RaisesWhenUnknown(FakeProvider):
    """A token without machine is an error to it."""

    async def find(self, token: str) -> InstanceStatus | None:
        """Look it up."""
        self._answer()
        return self._described(self.world.machines[token])


class NotesTheTime(FakeProvider):
    """Its requests hold the time."""

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Write down when."""
        request = json.loads(await super().freeze(order, offer))
        return json.dumps({**request, "at": time.time_ns()}, sort_keys=True)


class ReadsOnePage(FakeProvider):
    """It shows the first two machines."""

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Read the first page."""
        return dict(list((await super().describe_all(known)).items())[:2])


class BlocksTheLoop(FakeProvider):
    """It waits on the event loop."""

    has_slept = False

    async def host(self) -> str | None:
        """Sleep as a thread would."""
        if not self.has_slept:
            self.has_slept = True
            time.sleep(1.2)
        return "h"


class KeepsASecret(FakeProvider):
    """The token of the callbacks is in its state."""

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Write the token down."""
        request = json.loads(await super().freeze(order, offer))
        return json.dumps({**request, "callback": order.callback_token}, sort_keys=True)

    async def provision(self, request: str) -> InstanceStatus:
        """Keep the token."""
        status = await super().provision(request)
        assert status.instance is not None
        state = {"callback": json.loads(request)["callback"]}
        return replace(status, instance=replace(status.instance, state=state))


class KeepsATuple(FakeProvider):
    """Its state holds what is no JSON."""

    async def provision(self, request: str) -> InstanceStatus:
        """Keep a tuple."""
        status = await super().provision(request)
        assert status.instance is not None
        return replace(status, instance=replace(status.instance, state={"zones": ("a", "b")}))


class ChangesItsKeys(FakeProvider):
    """Its status has no keys before there is a machine."""

    def status(self, instance: Instance | None) -> Json:
        """Give the id, if any."""
        return {"instance_id": instance.id} if instance else {}


class HangsOnStrangers(FakeProvider):
    """It waits for ever for a machine that never was."""

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Wait for the machine to be gone."""
        while not any(one.id == instance.id for one in self.world.machines.values()):
            await asyncio.sleep(3600)
        return await super().terminate(instance)


class SwallowsItsCancellation(FakeProvider):
    """It goes on when it is told to end."""

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Try again, whatever happened."""
        try:
            for _ in range(50):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            await asyncio.sleep(3600)
        return await super().describe_all(known)


class MovesAbout(FakeProvider):
    """Each time it is on another host."""

    async def host(self) -> str | None:
        """Give a new id."""
        return uuid4().hex


class RisesAgain(FakeProvider):
    """A late repeat of a request gets a new machine."""

    async def provision(self, request: str) -> InstanceStatus:
        """Forget what is gone."""
        token = json.loads(request)["token"]
        known = self.world.machines.get(token)
        if known and known.phase == "gone":
            self.world.machines[token] = FakeMachine(token=token, id=f"{known.id}0", ready_at=0)
        return await super().provision(request)


class LooksUpAllItIsGiven(FakeProvider):
    """One machine that it does not know hides all others."""

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe what the core knows of."""
        asked = {token: self._described(self.world.machines[token]) for token in known}
        return {**await super().describe_all(known), **asked}


class LendsOneTwice(FakeProvider):
    """All tokens have the same machine."""

    def _described(self, machine: FakeMachine) -> InstanceStatus:
        status = super()._described(machine)
        assert status.instance is not None
        return replace(status, instance=replace(status.instance, id="m"))

    async def owned(self) -> Sequence[OwnedMachine]:
        """List the last one that is on."""
        last = list(await super().owned())[-1:]
        return [replace(one, instance=replace(one.instance, id="m")) for one in last]

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """End the last one that is on."""
        alive = self.world.alive()
        return await super().terminate(Instance(id=alive[-1].id) if alive else instance)


class RemembersItself(FakeProvider):
    """It finds what this process has launched."""

    def __init__(self, world: FakeWorld) -> None:
        super().__init__(world)
        self.launched: set[str] = set()

    async def provision(self, request: str) -> InstanceStatus:
        """Remember it."""
        self.launched.add(json.loads(request)["token"])
        return await super().provision(request)

    async def find(self, token: str) -> InstanceStatus | None:
        """Find what was remembered."""
        found = await super().find(token)
        return found if token in self.launched else None


class BuysEarly(FakeProvider):
    """Its requests are machines."""

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Have the machine."""
        self.world.launched(order.token)
        return await super().freeze(order, offer)


class OffersNothing(FakeProvider):
    """Its offer has no label."""

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Offer it."""
        return [Offer(label="")]


class RefusesItsFirstOffer(FakeProvider):
    """Right: who is refused an offer may have the next one."""

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Offer two."""
        return [Offer(label="dry"), *await super().offers(order)]

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Write down which offer it is."""
        request = json.loads(await super().freeze(order, offer))
        return json.dumps({**request, "offer": offer.label}, sort_keys=True)

    async def provision(self, request: str) -> InstanceStatus:
        """Refuse the second machine of the first offer."""
        asked = json.loads(request)
        is_new = asked["token"] not in self.world.machines
        if asked["offer"] == "dry" and is_new and self.world.alive():
            raise refused()
        return await super().provision(request)


class ShowsLate(FakeProvider):
    """A machine is not visible at first, and it says so."""

    def __init__(self, world: FakeWorld) -> None:
        super().__init__(world)
        self.settles_within = timedelta(seconds=5)
        self.looks = 0

    async def find(self, token: str) -> InstanceStatus | None:
        """Look three times in vain."""
        self.looks += token in self.world.machines
        found = await super().find(token)
        return found if self.looks > 3 else None


class ShowsLateAndDoesNotSaySo(ShowsLate):
    """A machine is not visible at first."""

    def __init__(self, world: FakeWorld) -> None:
        super().__init__(world)
        self.settles_within = timedelta(0)


class OffersALot(FakeProvider):
    """Its offers hold the whole price list."""

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Offer it."""
        return [Offer(label="all of it", state={"prices": ["0.031 USD an hour"] * 5000})]


class KeepsALot(FakeProvider):
    """Its machines hold the whole answer of the cloud."""

    def _described(self, machine: FakeMachine) -> InstanceStatus:
        status = super()._described(machine)
        assert status.instance is not None
        state = {"answer": ["a line of it"] * 5000}
        return replace(status, instance=replace(status.instance, state=state))


class WritesALot(FakeProvider):
    """Its requests are longer than any cloud takes."""

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Put a picture in."""
        request = json.loads(await super().freeze(order, offer))
        return json.dumps({**request, "picture": "0" * 300_000}, sort_keys=True)


class NeedsItsState(FakeProvider):
    """It cannot read what an older version of it kept."""

    def _described(self, machine: FakeMachine) -> InstanceStatus:
        status = super()._described(machine)
        assert status.instance is not None
        return replace(status, instance=replace(status.instance, state={"zone": "a"}))

    def status(self, instance: Instance | None) -> Json:
        """Show what is new."""
        return {"zone": instance.state["zone"] if instance else None}


class CountsItsHands(FakeProvider):
    """An order that is too large is a bug to it."""

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Look up the size."""
        size = {1: "small", 2: "large"}[order.resources.get("vcpus", 1)]
        return [Offer(label=size)]


class RefusesAndKeeps(FakeProvider):
    """It says no, and has a machine all the same."""

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Offer two."""
        return [*await super().offers(order), Offer(label="dear")]

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Write down which offer it is."""
        request = json.loads(await super().freeze(order, offer))
        return json.dumps({**request, "offer": offer.label}, sort_keys=True)

    async def provision(self, request: str) -> InstanceStatus:
        """Have the machine, and think better of it."""
        status = await super().provision(request)
        if json.loads(request)["offer"] == "dear":
            raise refused()
        return status


class CallsItTakenAway(FakeProvider):
    """Every end is one that the cloud wanted."""

    def _described(self, machine: FakeMachine) -> InstanceStatus:
        status = super()._described(machine)
        return replace(status, interrupted=status.phase == "gone")


class FindsNothingUnheard(FakeProvider):
    """No answer is no machine."""

    async def find(self, token: str) -> InstanceStatus | None:
        """Look it up, or not."""
        return None if self.world.is_silent else await super().find(token)


class ShowsNothingUnheard(FakeProvider):
    """No answer is an empty list."""

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Read what comes."""
        return {} if self.world.is_silent else await super().describe_all(known)


class OwnsTheFirstPage(FakeProvider):
    """It lists two machines."""

    async def owned(self) -> Sequence[OwnedMachine]:
        """Read the first page."""
        return list(await super().owned())[:2]


class OwnsWhatIsGone(FakeProvider):
    """It lists all that ever was."""

    async def owned(self) -> Sequence[OwnedMachine]:
        """Read the books."""
        self._answer()
        return [self._owned(machine) for machine in self.world.machines.values()]


class OwnsEachTwice(FakeProvider):
    """It lists each machine in two regions."""

    async def owned(self) -> Sequence[OwnedMachine]:
        """Add up two lists."""
        return [*await super().owned(), *await super().owned()]


class OwnsNamelessMachines(FakeProvider):
    """It does not say for which job a machine is."""

    async def owned(self) -> Sequence[OwnedMachine]:
        """Say what stands on the machine."""
        return [replace(one, job="", attempt=0) for one in await super().owned()]


class OwnsWhatIsAlwaysYoung(FakeProvider):
    """A machine was launched when it is asked."""

    async def owned(self) -> Sequence[OwnedMachine]:
        """Look at the clock."""
        return [replace(one, launched_at=datetime.now(UTC)) for one in await super().owned()]


class OwnsWhatItCannotEnd(FakeProvider):
    """What it lists is not enough to end a machine."""

    async def owned(self) -> Sequence[OwnedMachine]:
        """Name machines in another way than at their launch."""
        return [
            replace(one, instance=replace(one.instance, state={"zone": "a"}))
            for one in await super().owned()
        ]

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Know a machine by what was said of it at its launch."""
        if instance.state:
            return InstanceStatus(phase="unknown", instance=instance)
        return await super().terminate(instance)


class OwnsNothingUnheard(FakeProvider):
    """No answer is an empty list."""

    async def owned(self) -> Sequence[OwnedMachine]:
        """Read what comes."""
        return [] if self.world.is_silent else await super().owned()


class EndsUnheard(FakeProvider):
    """It sends a termination, and waits for no answer."""

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """End it, or hope so."""
        gone = InstanceStatus(phase="gone", instance=instance)
        return gone if self.world.is_silent else await super().terminate(instance)


class LaunchesUnheard(FakeProvider):
    """It has a machine as soon as it has asked for one."""

    async def provision(self, request: str) -> InstanceStatus:
        """Launch it, or hope so."""
        hoped = InstanceStatus(phase="pending", instance=Instance(id=json.loads(request)["token"]))
        return hoped if self.world.is_silent else await super().provision(request)


class RemovesUnheard(FakeProvider):
    """It names what it would have removed."""

    async def remove_leftovers(self) -> Sequence[str]:
        """Remove it, or hope so."""
        return ["disk-1"] if self.world.is_silent else []


class RemovesWhatIsUsed(FakeProvider):
    """It takes every machine for a leftover."""

    async def remove_leftovers(self) -> Sequence[str]:
        """End them all."""
        alive = self.world.alive()
        for machine in alive:
            machine.phase = "gone"
        return [machine.id for machine in alive]


class RemovesTheSameTwice(FakeProvider):
    """It tells again of what it removed long ago."""

    async def remove_leftovers(self) -> Sequence[str]:
        """Name all that ever went."""
        gone = (one for one in self.world.machines.values() if one.phase == "gone")
        return [f"disk of {machine.id}" for machine in gone]


class Quickly(ProviderConformance):
    """The kit, with times that fit what is imagined."""

    answers_within: ClassVar[timedelta] = timedelta(seconds=3)
    freezes_apart: ClassVar[timedelta] = timedelta(milliseconds=1)
    gone_within: ClassVar[timedelta] = timedelta(seconds=1)
    provider_class: ClassVar[type[FakeProvider]]

    @pytest.fixture
    def world(self) -> FakeWorld:
        """An empty world."""
        return empty_world()

    @pytest.fixture
    def deployment(self) -> str:
        """Whose machines they are; services would be made for no more than that."""
        return "imagined"

    @pytest.fixture
    def provider(self, world: FakeWorld) -> FakeProvider:
        """What is judged."""
        return self.provider_class(world)

    @pytest.fixture
    def another(self, world: FakeWorld) -> FakeProvider:
        """The same in another process."""
        return self.provider_class(world)

    @pytest.fixture
    def unreachable(self, world: FakeWorld) -> FakeProvider:
        """The same while nobody answers."""
        return self.provider_class(replace(world, is_silent=True))


KINDS: list[type[FakeProvider]] = [Right, *(k for k in FakeProvider.__subclasses__() if k != Right)]
KINDS += [ShowsLateAndDoesNotSaySo]

for kind in KINDS:
    name = f"Test{kind.__name__}"
    globals()[name] = type(name, (Quickly,), {"provider_class": kind, "__doc__": kind.__doc__})
