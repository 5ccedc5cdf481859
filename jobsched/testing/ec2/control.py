"""What a test or a person says to the fake, and asks it, under `/_fake`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.request import Request

from jobsched.testing.ec2 import bodies, ending, launching, user_data, volumes
from jobsched.testing.ec2.answer import Answer, of_json
from jobsched.testing.ec2.clock import written
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.machine import Machine

NO_ROUTE = 404
WRONG = 400


class Control:
    """The routes.

    Args:
        cloud: the state.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def answer(self, request: Request) -> Answer:
        """Answer one request, in JSON."""
        _, *words = request.path.strip("/").split("/")
        name = f"{request.method} {words[0] if words else ''}"
        with self._cloud.lock:
            try:
                body = json.loads(request.get_data() or b"{}")
                given = self._routes()[name](words[1:], body)
            except KeyError as error:
                return of_json({"error": f"there is no {error.args[0]}"}, NO_ROUTE)
            except ValueError as error:
                return of_json({"error": str(error)}, WRONG)
            self._cloud.lock.notify_all()
        return of_json(given)

    def _routes(self) -> dict[str, Callable[[list[str], dict[str, Any]], Any]]:
        cloud = self._cloud
        return {
            "GET machines": self._machines,
            "GET alive": lambda _, __: [one.id for one in cloud.alive()],
            "GET volumes": lambda _, __: [self._volume(one) for one in volumes.there(cloud)],
            "GET bodies": lambda words, _: bodies.follow(cloud, *words[:1] or [""]),
            "GET calls": lambda _, __: dict(cloud.calls),
            "GET requests": self._requests,
            "GET switches": lambda _, __: asdict(cloud.switches),
            "POST bodies": self._slow_down,
            "POST switches": self._switch,
            "POST machines": self._tell,
            "POST advance": self._advance,
            "POST reset": self._reset,
        }

    def _machines(self, words: list[str], _: dict[str, Any]) -> Any:
        if words:
            return self._shown(self._cloud.machines[words[0]])
        return [self._shown(one) for one in self._cloud.machines.values()]

    def _requests(self, words: list[str], _: dict[str, Any]) -> list[Any]:
        return [one for name, one in self._cloud.requests if not words or name == words[0]]

    def _switch(self, _: list[str], values: dict[str, Any]) -> dict[str, Any]:
        self._cloud.switches.set(values)
        return asdict(self._cloud.switches)

    def _slow_down(self, _: list[str], told: dict[str, Any]) -> dict[str, Any]:
        self._cloud.boot_seconds = float(told["boot_seconds"])
        return {}

    def _tell(self, words: list[str], told: dict[str, Any]) -> dict[str, Any]:
        wanted, verb = [*words, "", ""][:2]
        machine = self._cloud.machines[wanted]
        if verb == "boot":
            machine.running_at = min(machine.running_at, self._cloud.now())
        elif verb == "embody":
            bodies.embody(self._cloud, machine)
        elif verb == "interrupt":
            seconds = float(told.get("seconds", ending.NOTICE))
            notice = bool(told.get("notice"))
            ending.interrupt(self._cloud, machine, notice=notice, seconds=seconds)
        elif verb == "rebalance":
            ending.recommend_rebalance(self._cloud, machine)
        elif verb == "end":
            code = told.get("code", "Server.InternalError")
            launching.end(self._cloud, machine, code, f"{code}: {told.get('message', 'ended')}")
        else:
            raise KeyError(verb)
        return self._shown(machine)

    def _advance(self, _: list[str], told: dict[str, Any]) -> dict[str, Any]:
        self._cloud.clock.advance(told["seconds"])
        return {"now": written(self._cloud.now())}

    def _reset(self, _: list[str], __: dict[str, Any]) -> dict[str, Any]:
        self._cloud.reset()
        BackendDict.reset()
        return {}

    def _shown(self, one: Machine) -> dict[str, Any]:
        now = self._cloud.now()
        ended = one.terminated_at if one.terminated_at <= now else math.inf
        return {
            "id": one.id,
            "type": one.type,
            "zone": one.zone,
            "market": one.market,
            "state": one.state(now),
            "token": one.client_token,
            "tags": one.tags,
            "user_data": user_data.read(one.settings.get("UserData")),
            "launched_at": written(one.launched_at),
            "terminated_at": None if math.isinf(ended) else written(ended),
            "ip_address": one.private_address,
            "price": one.price,
            "reason": one.reason[0] if one.reason and one.ending_at <= now else None,
            "notice_at": None if one.notice_at is None else written(one.notice_at),
            "settings": one.settings,
        }

    def _volume(self, one: Any) -> dict[str, Any]:
        return {
            "id": one.id,
            "machine": one.machine.id if one.machine else None,
            "state": one.state(self._cloud.now()),
            "gib": one.gib,
            "type": one.kind,
            "tags": one.tags,
        }


__all__ = ["Control"]
