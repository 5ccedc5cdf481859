"""The kinds of faults, and of wishes, each with its chance to come where it may, at heat 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jobsched.testing.model_ec2 import FAULTS as OF_EC2

#: at each call of a worker: of these at most one strikes
CALLS: Final[Mapping[str, float]] = {
    "worker dies": 0.0002,
    "worker stands still": 0.0002,
    "event loop blocked": 0.0003,
    "store's question lost": 0.001,
    "store's answer lost": 0.001,
}
#: at each call of a worker that changes something outside the store: aimed, as the moments between
#: an intent and its effect are few
EFFECTS: Final[Mapping[str, float]] = {
    "worker dies beside an effect": 0.003,
    "worker stands still beside an effect": 0.004,
}
#: at each call of the API, of a person's command, or of what tells the plugins
OTHERS: Final[Mapping[str, float]] = {
    "API or command dies": 0.003,
    "API or command stands still": 0.001,
    "store's question lost": 0.004,
    "store's answer lost": 0.004,
}
#: of each process that comes first to a place that is aimed at in its world (`crash`)
PLACES: Final[Mapping[str, float]] = {
    "dies at a chosen place": 1.0,
    "stands still at a chosen place": 1.0,
}
#: of what is asked before there is a machine: once for each attempt, if it is answered
OFFERS: Final[Mapping[str, float]] = {
    "offers throttled": 0.03,
    "offers not given": 0.02,
    "no offers": 0.02,
}
PLANNER: Final[Mapping[str, float]] = {"planner fails": 0.02}
#: of each worker that begins
WORKERS: Final[Mapping[str, float]] = {
    "clock ahead": 0.15,
    "clock behind": 0.15,
}
#: of signals, which may all be lost
SIGNALS: Final[Mapping[str, float]] = {
    "wake lost": 0.06,
    "wake doubled": 0.03,
    "hint lost": 0.3,
    "hint doubled": 0.45,
    "hint late": 0.3,
    "callback lost": 0.1,
    "callback doubled": 0.1,
    "callback late": 0.05,
    "chore lost": 0.04,
    "chore doubled": 0.03,
}
#: of the machines themselves
MACHINES: Final[Mapping[str, float]] = {
    "machine never boots": 0.02,
    "machine boots slowly": 0.03,
    "boot fails": 0.025,
    "dead-man broken": 0.1,
    "machine at risk": 0.1,
    "machine never reached": 0.018,
    "machine cut off": 0.003,
}
#: of the calls of the model EC2, so that each befalls many worlds
OF_CALLS: Final[Mapping[str, float]] = {
    f"{call} {what}": chance
    for call, chance in (("search", 0.04), ("list", 0.1), ("disk removal", 0.12))
    for what in ("throttled", "question lost", "answer lost")
}
#: of its machines: more of what is seldom, less of what holds worlds up
OF_CLOUD: Final[Mapping[str, float]] = {
    "no capacity": 0.07,
    "spot taken back with notice": 0.07,
    "machine shown very late": 0.015,
    "machine vanishes at its end": 0.015,
}
#: of the hosts of worlds in which machines outlive their jobs
HOSTS: Final[Mapping[str, float]] = {
    "no host free": 0.18,
    "host's question lost": 0.04,
    "host's answer lost": 0.05,
    "host shown late": 0.18,
}
#: of the engine on a machine, at each call
ENGINE: Final[Mapping[str, float]] = {
    "prepare's question lost": 0.02,
    "prepare's answer lost": 0.02,
    "pull fails": 0.02,
    "image not found": 0.012,
    "start carried out late": 0.03,
    "machine lost at its start": 0.025,
    "start's question lost": 0.02,
    "start's answer lost": 0.03,
    "inspect's question lost": 0.015,
    "inspect's answer lost": 0.015,
    "container vanishes": 0.006,
    "withdraw's question lost": 0.2,
    "withdraw's answer lost": 0.25,
    "machine lost at its stop": 0.15,
    "stop's question lost": 0.1,
    "stop's answer lost": 0.14,
    "warning lost": 0.4,
    "removal lost": 0.08,
}
#: of the log store, at each piece
LOGS: Final[Mapping[str, float]] = {
    "log store fails": 0.03,
    "log store hangs": 0.025,
}
#: of a world with few machines at most: counted once for each job that must wait for one
CAPS: Final[Mapping[str, float]] = {"cap reached": 0.2}
#: of the whole world, each at a time of its own
SKY: Final[Mapping[str, float]] = {
    "store away": 0.85,
    "API away": 0.8,
    "provider silent": 0.95,
    "provider misconfigured": 0.9,
    "record unreadable": 0.85,
    "index entry lost": 0.85,
    "workers deployed": 0.6,
    "worker told to stop": 0.95,
}
#: of people, and of what they ask for: no faults, though hard to do right
WISHES: Final[Mapping[str, float]] = {
    "cancelled before the start": 0.03,
    "cancelled around the start": 0.09,
    "cancelled around the end": 0.06,
    "out of memory": 0.05,
    "deaf to SIGTERM": 0.1,
    "ends well when told to": 0.1,
    "no such program": 0.05,
}

#: groups of faults of which at most one strikes at a time
GROUPS: Final[Mapping[str, Mapping[str, float]]] = {
    "calls": CALLS,
    "effects": EFFECTS,
    "others": OTHERS,
    "offers": OFFERS,
    "workers": WORKERS,
}
FAULTS: Final[Mapping[str, float]] = {
    **OTHERS,
    **CALLS,
    **EFFECTS,
    **PLACES,
    **OFFERS,
    **PLANNER,
    **WORKERS,
    **SIGNALS,
    **MACHINES,
    **OF_EC2,
    **OF_CALLS,
    **OF_CLOUD,
    **HOSTS,
    **ENGINE,
    **LOGS,
    **CAPS,
    **SKY,
}
#: whatever may happen by chance
KINDS: Final[Mapping[str, float]] = {**FAULTS, **WISHES}

__all__ = ["FAULTS", "GROUPS", "KINDS", "WISHES"]
