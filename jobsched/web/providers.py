"""Routes about providers: which there are, and the word that lets a halted one go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from jobsched.contracts.provider import Provider
from jobsched.engine.parts import Parts
from jobsched.engine.resume import resume
from jobsched.schemas.provider import ProviderList, Resumed
from jobsched.store.port import Halted
from jobsched.web.keys import PARTS

_LIST: Final = ProviderList()
_RESUMED: Final = Resumed()


async def list_providers(request: web.Request) -> web.Response:
    """``GET /providers``: how many machines each has and may have, and whether it is halted."""
    parts = request.app[PARTS]
    halted = await parts.store.halted()
    loaded = sorted(parts.registry.providers.items())
    found = [await _document(parts, provider, halted) for _, provider in loaded]
    return web.json_response(_LIST.dump({"providers": found}))


async def _document(
    parts: Parts, provider: Provider, halted: Mapping[str, Halted]
) -> dict[str, Any]:
    return {
        "name": provider.name,
        "alive": len(await parts.store.slots(provider.name)),
        "caps": provider.caps,
        "halted": halted.get(provider.name),
    }


async def resume_provider(request: web.Request) -> web.Response:
    """``POST /providers/{name}/resume``: who waits for it goes on; 404 where there is none."""
    name = request.match_info["name"]
    woken = await resume(request.app[PARTS], name)
    return web.json_response(_RESUMED.dump({"name": name, "woken": woken}))


__all__ = ["list_providers", "resume_provider"]
