"""Routes about providers: which there are, and the word that lets a halted one go on."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from jobsched.engine.force import force
from jobsched.engine.reap import name_of
from jobsched.engine.resume import resume
from jobsched.schemas.provider import Forced, ProviderList, Resumed
from jobsched.web.keys import PARTS

_LIST: Final = ProviderList()
_RESUMED: Final = Resumed()
_FORCED: Final = Forced()


async def list_providers(request: web.Request) -> web.Response:
    """``GET /providers``: how many machines each has and may have, and whether it is halted."""
    store = request.app[PARTS].store
    halted, reaped, alarms = await store.halted(), await store.reaped(), await store.alarms()
    found = [
        {
            "name": name,
            "alive": len(await store.slots(name)),
            "caps": provider.caps,
            "halted": halted.get(name),
            "reaped_at": reaped.get(name),
            "reap_alarm": alarms.get(name_of(name)),
        }
        for name, provider in sorted(request.app[PARTS].registry.providers.items())
    ]
    return web.json_response(_LIST.dump({"providers": found}))


async def resume_provider(request: web.Request) -> web.Response:
    """``POST /providers/{name}/resume``: who waits for it goes on; 404 where there is none."""
    name = request.match_info["name"]
    woken = await resume(request.app[PARTS], name)
    return web.json_response(_RESUMED.dump({"name": name, "woken": woken}))


async def reap_provider(request: web.Request) -> web.Response:
    """``POST /providers/{name}/reap``: the next pass may end many; 404 where there is none."""
    name = request.match_info["name"]
    until = await force(request.app[PARTS], name)
    return web.json_response(_FORCED.dump({"name": name, "until": until}))


__all__ = ["list_providers", "reap_provider", "resume_provider"]
