"""A machine's body from the launch to its end, on a site that makes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from jobsched.testing.cloud.event import Event
from jobsched.testing.cloud.life import Life
from jobsched.testing.cloud.network import Network
from jobsched.testing.cloud.site import Ending, Machine


class World:
    """A site and a door in one, that remember what they were told."""

    network = Network(addresses="172.31.0.0/16", gateway="172.31.0.1")
    boots_at_once = 1

    def __init__(self) -> None:
        self.did: list[str] = []
        self.events: list[Event] = []
        self.fault: Exception | None = None
        self.slots = threading.Semaphore(1)

    def make(self, machine: Machine, metadata: str) -> None:
        """Make a body."""
        self.did.append(f"make {machine['id']}")
        if self.fault:
            raise self.fault

    def boot_again(self, machine: str) -> None:
        """Nothing."""

    def remove(self, machine: str) -> None:
        """Remove it."""
        self.did.append(f"remove {machine}")

    def watch(self, ended: Callable[[str, Ending], None]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

    def embody(self, machine: str) -> None:
        """Hear that it has a body."""
        self.did.append(f"embody {machine}")

    def end(self, machine: str, code: str, message: str) -> None:
        """Hear that it has ended."""
        self.did.append(f"end {machine} {code}: {message}")

    def life(self, name: str, boot_seconds: float = 0, before: Sequence[Life] = ()) -> Life:
        """Begin a life."""
        door: Any = self
        one = Life(
            {"id": name, "boot_seconds": boot_seconds},
            self,
            door,
            self.events.append,
            slots=self.slots,
            metadata="172.31.0.1:80",
            before=before,
        )
        one.start()
        return one

    def told(self, what: str) -> None:
        """Wait until something has happened."""
        done = threading.Event()
        while what not in [one.what for one in self.events] and not done.wait(0.005):
            pass


@pytest.fixture(name="world")
def make_world() -> World:
    """Give one."""
    return World()


def test_a_body_comes_and_goes(world: World) -> None:
    """It is made, told of, and removed when its machine ends."""
    life = world.life("i-1")
    world.told("started")
    life.booted()
    life.booted()
    life.end()
    life.join(5)
    assert world.did == ["make i-1", "embody i-1", "remove i-1"]
    assert [one.what for one in world.events] == ["launched", "started", "booted", "gone"]


def test_bodies_boot_in_turn(world: World) -> None:
    """With one slot the second boots when the first has, or has ended."""
    first = world.life("i-1")
    world.told("started")
    second = world.life("i-2")
    second.join(0.1)
    assert "make i-2" not in world.did
    first.booted()
    while "make i-2" not in world.did:
        second.join(0.005)
    second.booted()
    for one in (first, second):
        one.end()
        one.join(5)
    assert "remove i-2" in world.did


def test_who_ends_before_its_turn_gets_no_body(world: World) -> None:
    """A machine that is terminated while it waits is never made."""
    first = world.life("i-1")
    world.told("started")
    second = world.life("i-2")
    second.end()
    first.end()
    for one in (first, second):
        one.join(5)
    assert "make i-2" not in world.did


def test_an_address_is_free_before_it_is_used_again(world: World) -> None:
    """EC2 gives an address away at once: the next body waits until the last one is gone."""
    world.slots = threading.Semaphore(2)
    first = world.life("i-1")
    world.told("started")
    second = world.life("i-2", before=[first])
    second.join(0.1)
    assert "make i-2" not in world.did
    first.end()
    while "make i-2" not in world.did:
        second.join(0.005)
    assert world.did.index("remove i-1") < world.did.index("make i-2")
    second.end()
    second.join(5)


def test_a_machine_that_never_boots_has_no_body(world: World) -> None:
    """It runs, says the fake; nothing is made, and no slot is held."""
    life = world.life("i-1", boot_seconds=-1)
    other = world.life("i-2")
    world.told("started")
    for one in (life, other):
        one.end()
        one.join(5)
    assert "embody i-1" in world.did
    assert "make i-1" not in world.did


def test_a_body_that_cannot_be_made_ends_its_machine(world: World) -> None:
    """The fault is told, the machine ends as by a fault of AWS, and its rest is removed."""
    world.fault = RuntimeError("no space left")
    life = world.life("i-1")
    world.told("failed")
    life.end()
    life.join(5)
    assert world.did == [
        "make i-1",
        "end i-1 Server.InternalError: its body could not be made",
        "remove i-1",
    ]
    assert world.events[1].line.endswith(": no space left")
