"""The model's EC2: what all workers share. Its machines have bodies in the imagined world."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any, Final

from jobsched.domain.job import Json
from jobsched.testing.ec2 import ending, fleet, launching, volumes
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.machine import NEVER, Volume
from jobsched.testing.fakes import TAKEN_BACK, FakeMachine, FakeWorld
from jobsched.testing.model_ec2 import habits
from jobsched.testing.model_ec2.embodied import Embodied
from jobsched.testing.model_ec2.estate import REGION, ModelEstate
from jobsched.testing.model_ec2.faults import CALM, Chance
from jobsched.testing.model_ec2.habits import behaving
from jobsched.testing.model_ec2.request import fleet_of

#: the operation whose tokens these are
LAUNCH: Final = "CreateFleet"
#: seconds from a launch until EC2 says that the machine runs
PENDING: Final = 3.0
#: seconds of a spot machine's life in which EC2 thinks once of taking it back
TAKEN_WITHIN: Final = 900.0
WITH_NOTICE, WITHOUT_NOTICE = "spot taken back with notice", "spot taken back without notice"


class ModelEc2:
    """Machines, tokens and disks, by the rules of `jobsched.testing.ec2`. All methods are at once.

    Args:
        world: has the bodies, and the clock that all goes by. Its ``on_end`` is taken.
        chance: says what goes wrong.
    """

    def __init__(self, world: FakeWorld, chance: Chance = CALM) -> None:
        self.world = world
        self.chance = chance
        #: its switches may be set at any time, for as long as they shall hold
        self.cloud = Cloud(REGION, goes_with=world.clock.monotonic, digits=_digits())
        self.cloud.switches.pending_seconds = PENDING
        #: told of each new machine that lives, with the request that it was made for
        self.on_launch: Callable[[FakeMachine, Json], None] | None = None
        #: told of each machine that EC2 will take back, with the seconds that are left
        self.on_notice: Callable[[FakeMachine, float], None] | None = None
        #: told of each disk that somebody deletes
        self.on_delete: Callable[[Volume], None] | None = None
        self._estate = ModelEstate()
        #: by token and by id: those that EC2 still knows
        self._by_token: dict[str, list[Embodied]] = {}
        self._by_id: dict[str, Embodied] = {}
        world.on_end = self._switched_off

    def launch(self, written: Json) -> dict[str, Any]:
        """Carry out CreateFleet for a frozen request; give EC2's answer.

        Raises:
            Refusal: of `jobsched.testing.ec2`; nothing was launched.
        """
        asked = fleet_of(written)
        is_new = (LAUNCH, asked["ClientToken"]) not in self.cloud.tokens
        behaves = self._of_new(written) if is_new else self._of_repeat(asked)
        with behaving(self.cloud.switches, behaves):
            answer = fleet.create(self.cloud, self._estate, asked)
        if is_new:
            for one in answer["Instances"]:
                self._embody(one["InstanceIds"][0], written)
        return answer

    def add(self, one: Embodied) -> None:
        """Know a machine that is in the cloud."""
        self._by_token.setdefault(one.token, []).append(one)
        self._by_id[one.machine.id] = one

    def of_token(self, token: str) -> Embodied | None:
        """Give the machine of a launch, if EC2 shows it; of two the older one that is alive.

        Two would mean that whoever launched them did so with two client tokens.
        """
        now = self.cloud.now()
        found = [one for one in self._by_token.get(token, ()) if one.machine.is_visible(now)]
        return min(found, key=lambda one: not one.machine.is_alive(now), default=None)

    def of_id(self, machine: str) -> Embodied | None:
        """Give a machine by its id, if EC2 shows it."""
        one = self._by_id.get(machine)
        return one if one and one.machine.is_visible(self.cloud.now()) else None

    def all(self) -> list[Embodied]:
        """Give all machines that EC2 shows, oldest first."""
        now, known = self.cloud.now(), list(self._by_id.values())
        for one in known:
            if one.machine.vanishes_at <= now:
                self._forget(one)
        return [self._by_id[one.id] for one in self.cloud.visible()]

    def terminate(self, machine: str) -> dict[str, Any]:
        """Carry out TerminateInstances; give EC2's answer.

        Raises:
            Refusal: of `jobsched.testing.ec2`: it does not show the machine.
        """
        asked = {"InstanceIds": [machine]}
        one = self.of_id(machine)
        if one is None or not one.machine.is_alive(self.cloud.now()):
            return ending.terminate(self.cloud, asked)
        with behaving(self.cloud.switches, habits.of_end(self.chance)):
            answer = ending.terminate(self.cloud, asked)
        self._follow(one)
        return answer

    def interrupt(self, body: FakeMachine, *, notice: bool, seconds: float = ending.NOTICE) -> None:
        """Take a spot machine back, at once or that many seconds after telling it.

        One that has ended is left alone.

        Raises:
            ValueError: it is no spot machine.
        """
        one = self._by_id.get(body.id)
        if one is None or not one.machine.is_alive(self.cloud.now()):
            return
        with behaving(self.cloud.switches, habits.of_end(self.chance)):
            ending.interrupt(self.cloud, one.machine, notice=notice, seconds=seconds)
        self.world.words.add((one.token, TAKEN_BACK))
        self._follow(one)
        if notice and self.on_notice:
            self.on_notice(body, seconds)

    def left_behind(self) -> list[Volume]:
        """Give the disks that cost money and belong to no machine any more."""
        now = self.cloud.now()
        return [one for one in volumes.there(self.cloud) if one.state(now) == "available"]

    def delete(self, volume: Volume) -> None:
        """Carry out DeleteVolume."""
        volumes.delete(self.cloud, {"VolumeId": volume.id})
        del self.cloud.volumes[volume.id]
        if self.on_delete:
            self.on_delete(volume)

    def unanswered(self, token: str) -> None:
        """Perhaps take back the spot machine of a launch that nobody has heard of."""
        for one in list(self._by_token.get(token, ())):
            if self._may_go(one) and self.chance.strikes("spot taken back before it is named"):
                self.interrupt(one.body, notice=False)

    def _of_new(self, written: Json) -> dict[str, Any]:
        market = written["pool"]["market"]
        return habits.of_launch(self.cloud.switches, self.chance, market)

    def _of_repeat(self, asked: dict[str, Any]) -> dict[str, Any]:
        now, made = self.cloud.now(), self.cloud.tokens[LAUNCH, asked["ClientToken"]][2]
        known = [self._by_id[one] for one in made if one in self._by_id]
        is_dead = bool(made) and not any(one.machine.is_alive(now) for one in known)
        return habits.of_repeat(self.chance) if is_dead else {}

    def _embody(self, name: str, written: Json) -> None:
        machine, token = self.cloud.machines[name], written["token"]
        is_second = bool(self._by_token.get(token))
        body = self.world.launched(f"{token}/{name}" if is_second else token, named=name)
        body.order = written
        one = Embodied(token=token, machine=machine, body=body)
        self.add(one)
        if not machine.is_alive(self.cloud.now()):
            # it never came up
            self.world.end(body)
            return
        _after(self.chance.between(1.0, TAKEN_WITHIN), lambda: self._perhaps_taken(one))
        if self.on_launch:
            self.on_launch(body, written)

    def _may_go(self, one: Embodied) -> bool:
        """Whether it is a spot machine that nobody has ended yet, or will."""
        return one.machine.market == "spot" and one.machine.ending_at == NEVER

    def _perhaps_taken(self, one: Embodied) -> None:
        """Take a machine back, by the chance of this moment."""
        if not self._may_go(one):
            return
        for fault, notice in ((WITH_NOTICE, True), (WITHOUT_NOTICE, False)):
            if self.chance.strikes(fault):
                self.interrupt(one.body, notice=notice)
                return

    def _follow(self, one: Embodied) -> None:
        """Let the body be switched off when the record says that the machine has ended."""
        if one.timer:
            one.timer.cancel()
        left = one.machine.terminated_at - self.cloud.now()
        one.timer = _after(left, lambda: self.world.end(one.body))

    def _switched_off(self, body: FakeMachine) -> None:
        """Let the record follow a body that went off by itself."""
        one = self._by_id.get(body.id)
        if one is None or not one.machine.is_alive(self.cloud.now()):
            return
        code = ending.POWERED_OFF
        with behaving(self.cloud.switches, habits.of_end(self.chance)):
            launching.end(self.cloud, one.machine, code, f"{code}: Instance initiated shutdown")
        self._follow(one)

    def _forget(self, one: Embodied) -> None:
        self.cloud.forget(one.machine)
        del self._by_id[one.machine.id]
        self._by_token[one.token].remove(one)


def _after(seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(seconds, call)


def _digits() -> Callable[[], str]:
    """Number what is made, so that each world names its things alike."""
    numbers = count(1)
    return lambda: f"{next(numbers):017x}"


__all__ = ["LAUNCH", "PENDING", "TAKEN_WITHIN", "ModelEc2"]
