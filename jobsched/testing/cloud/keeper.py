"""Keeps a body for each machine of the fake, until it is told to end."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from jobsched.testing.cloud import metadata
from jobsched.testing.cloud.door import Door, View
from jobsched.testing.cloud.life import Life, Tell
from jobsched.testing.cloud.site import Ending, Machine, Site
from jobsched.testing.ec2.ending import POWERED_OFF


class Keeper:
    """Follows the fake, the bodies and the metadata service.

    Args:
        site: where bodies stand; closed by `close`.
        tell: is told what happens; by many threads.

    Raises:
        OSError: the gateway is no address of this host.
    """

    def __init__(self, site: Site, tell: Tell) -> None:
        self._site = site
        self._tell = tell
        self._lives: dict[str, Life] = {}
        self._view = View(machines={})
        self._door: Door | None = None
        self._is_closing = False
        self._slots = threading.Semaphore(site.boots_at_once)
        self._metadata = metadata.Service(site.network.gateway, self._at, self._has_booted)

    def start(self, url: str) -> None:
        """Follow the fake at an address, in threads of its own."""
        self._door = Door(url)
        watch, serve = self._site.watch, self._metadata.serve_forever
        for work in (lambda: serve(0.05), lambda: watch(self._ended), self._follow):
            threading.Thread(target=_until_all_ends, args=(work,), daemon=True).start()

    def close(self) -> None:
        """Take all bodies away, and everything else."""
        self._is_closing = True
        for life in self._lives.values():
            life.end()
        for life in self._lives.values():
            life.join()
        if self._door is not None:
            self._metadata.shutdown()
        self._metadata.server_close()
        self._site.close()

    def _follow(self) -> None:
        assert self._door is not None  # noqa: S101  # `start` has made it
        while not self._is_closing:
            seen = self._door.follow(self._view.version)
            before, self._view = self._view, seen
            for machine in seen.machines.values():
                self._begin(machine)
            for name, life in list(self._lives.items()):
                if name in seen.machines:
                    _tell_news(life, before.machines.get(name), seen.machines[name])
                else:
                    life.end()

    def _begin(self, machine: Machine) -> None:
        if machine["id"] in self._lives or self._is_closing:
            return
        assert self._door is not None  # noqa: S101  # who follows has one
        here = machine["ip_address"]
        before = [one for one in self._lives.values() if one.machine["ip_address"] == here]
        life = Life(
            machine,
            self._site,
            self._door,
            self._tell,
            slots=self._slots,
            metadata=self._metadata.where,
            before=before,
        )
        self._lives[machine["id"]] = life
        life.start()

    def _ended(self, name: str, how: Ending) -> None:
        life = self._lives.get(name)
        if life is None or self._is_closing or name not in self._view.machines:
            return
        life.happened(how.name.lower())
        behaviour = life.machine["settings"].get("InstanceInitiatedShutdownBehavior")
        if how is Ending.REBOOTED:
            self._site.boot_again(name)
        elif behaviour == "terminate" and self._door is not None:
            self._door.end(name, POWERED_OFF, "Instance initiated shutdown")
        # Else EC2 only stops it. The fake has no such state: it stays alive, and is seen as a leak.

    def _at(self, address: str) -> Machine | None:
        machines = self._view.machines.values()
        return next((one for one in machines if one["ip_address"] == address), None)

    def _has_booted(self, name: str) -> None:
        if (life := self._lives.get(name)) is not None:
            life.booted()


def _tell_news(life: Life, before: Machine | None, now: Machine) -> None:
    for what, key in (("notice", "notice_at"), ("rebalance", "rebalance_at")):
        if now[key] and not (before and before[key]):
            life.happened(what)


def _until_all_ends(work: Callable[[], None]) -> None:
    # The fake has ended: so does this cloud, as soon as it is told. Anything else is a bug, and
    # Python writes it to standard error.
    with contextlib.suppress(OSError):
        work()


__all__ = ["Keeper"]
