"""``GET /plugins/price_board/prices``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web


def routes(section: Mapping[str, Any]) -> Sequence[web.RouteDef]:
    """Give the routes; the core serves them behind its own token."""
    board = {
        "currency": section["currency"],
        "prices": [
            {"machine": machine, "hourly": hourly}
            for machine, hourly in sorted(section["prices"].items(), key=lambda one: one[1])
        ],
    }

    async def prices(request: web.Request) -> web.Response:
        """Answer with the board, the cheapest machine first."""
        del request
        return web.json_response(board)

    return [web.get("/prices", prices)]
