"""``GET /plugins``: what each plugin of this process brings."""

from __future__ import annotations

from aiohttp import web

from jobsched.hooks.document import documents
from jobsched.schemas.plugins import PluginList
from jobsched.web.keys import REPORT

_LIST = PluginList()


async def list_plugins(request: web.Request) -> web.Response:
    """Tell of the loaded plugins, and of those that are installed and not named.

    None is broken: with one that is, this process would not have started.
    """
    found = documents(request.app[REPORT])
    return web.json_response(_LIST.dump({"plugins": found}))


__all__ = ["list_plugins"]
