"""What the examples in the docstrings talk to: a cloud, an engine and a bucket, in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

PAGE = 2


class NoRoom(Exception):
    """The cloud has no machine left in the zone."""


class NoSuchMachine(Exception):
    """The cloud knows no machine of this id."""


class NoSuchContainer(Exception):
    """The engine has no container of this name or id."""


@dataclass(kw_only=True)
class Acme:
    """A cloud: a machine for each tag, the same for the same tag."""

    full: bool = False
    down: bool = False
    made: list[dict[str, Any]] = field(default_factory=list)

    async def zones(self) -> list[str]:
        """Where machines can be had."""
        return ["a", "b"]

    async def newest_image(self) -> str:
        """What a machine boots."""
        return "image-7"

    async def create(self, *, tag: str, **asked: Any) -> dict[str, Any]:
        """Give the machine of the tag."""
        self._answer()
        if self.full:
            raise NoRoom(f"no room in {asked['zone']}")
        if found := await self.machines(tag=tag):
            return found[0]
        number = len(self.made) + 1
        machine = {"tag": tag, "id": f"m-{number}", "state": "on", "made_at": datetime.now(UTC)}
        self.made.append({**asked, **machine, "address": "a", "certificate": "c"})
        return self.made[-1]

    async def machines(self, tag: str = "", page: int | None = None) -> list[dict[str, Any]]:
        """Give those of a tag, or a page of all."""
        self._answer()
        found = [one for one in self.made if tag in {"", one["tag"]}]
        return found if page is None else found[page * PAGE : (page + 1) * PAGE]

    async def disks(self, state: str) -> list[dict[str, Any]]:
        """Give the disks that machines left behind when they went off."""
        assert state == "detached"
        return [{"id": f"d-{one['id']}"} for one in self.made if one.get("disk") == state]

    async def delete(self, disk: str) -> None:
        """Delete a disk."""
        for one in self.made:
            if f"d-{one['id']}" == disk:
                del one["disk"]

    async def switch_off(self, machine: str) -> dict[str, Any]:
        """Begin, then end, to switch a machine off."""
        self._answer()
        for one in self.made:
            if one["id"] == machine:
                if one["state"] == "stopping":
                    one["disk"] = "detached"
                one["state"] = "stopping" if one["state"] == "on" else "off"
                return one
        raise NoSuchMachine(machine)

    def _answer(self) -> None:
        if self.down:
            raise ConnectionRefusedError("nobody listens")


@dataclass(kw_only=True)
class Podman:
    """An engine, whose containers end at once when they are started."""

    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)

    async def pull(self, image: str, credential: object) -> str:
        """Give the image's digest."""
        return f"{image}@sha256:1"

    async def exists(self, name: str) -> bool:
        """Say whether there is a container of the name."""
        return any(name == one["name"] for one in self.containers.values())

    async def create_or_find(self, *, name: str, **given: Any) -> dict[str, Any]:
        """Give the container of the name."""
        made = {"id": f"id-of-{name}", "name": name, "state": "created", "code": 0, **given}
        return self.containers.setdefault(f"id-of-{name}", made)

    def find(self, name: str) -> dict[str, Any]:
        """Give a container by its name or id."""
        for one in self.containers.values():
            if name in {one["id"], one["name"]}:
                return one
        raise NoSuchContainer(name)

    async def start(self, name: str) -> None:
        """Start it by its name."""
        if name not in {one["name"] for one in self.containers.values()}:
            raise NoSuchContainer(name)
        self.started.append(name)
        self.find(name)["state"] = "running"

    async def inspect(self, name: str) -> dict[str, Any]:
        """Look at it."""
        return self.find(name)

    async def rename(self, name: str, to: str) -> None:
        """Give it another name."""
        self.find(name)["name"] = to

    async def requests_under_way(self) -> None:
        """Wait until they have ended: there are none."""

    async def write(self, name: str, path: str, data: bytes) -> None:
        """Put a file into it."""
        self.find(name).setdefault("files", {})[path] = data

    async def stop(self, name: str, grace: timedelta) -> None:
        """End it."""
        self.find(name)["state"] = "exited"

    async def remove(self, name: str, *, force: bool) -> None:
        """Forget it."""
        del self.containers[self.find(name)["id"]]

    async def output(self, name: str, since: int, *, follow: bool) -> AsyncIterator[bytes]:
        """Give what it wrote."""
        yield b"hello "[since:]
        yield b"world"

    async def ended_containers(self) -> AsyncIterator[str]:
        """Name those that have ended."""
        for one in self.containers.values():
            if one["state"] == "exited":
                yield one["name"]


@dataclass(kw_only=True)
class Bucket:
    """Files by key."""

    down: bool = False
    files: dict[str, bytes] = field(default_factory=dict)

    async def put(self, key: str, data: bytes) -> None:
        """Write one."""
        self._answer()
        self.files[key] = data

    async def get(self, key: str) -> bytes:
        """Read one."""
        return self.files[key]

    async def keys(self, prefix: str) -> list[str]:
        """Give the keys that begin so, in no order."""
        self._answer()
        return [key for key in reversed(list(self.files)) if key.startswith(prefix)]

    async def remove(self, key: str) -> None:
        """Forget one."""
        del self.files[key]

    def _answer(self) -> None:
        if self.down:
            raise ConnectionRefusedError("nobody listens")


__all__ = ["Acme", "Bucket", "NoRoom", "NoSuchContainer", "NoSuchMachine", "Podman"]
