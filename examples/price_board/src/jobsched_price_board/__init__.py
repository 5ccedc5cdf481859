"""A web route and a command: what an hour of each machine costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jobsched import hookimpl

# Whatever is imported here is imported by every process, and by `jobsched prices` too: what only
# one hook needs, and takes its time, is imported by that hook.
if TYPE_CHECKING:
    import click
    from aiohttp import web
    from marshmallow import Schema


@hookimpl
def jobsched_config_schemas() -> dict[str, type[Schema]]:
    """Bring the schema of the section ``price_board``."""
    from jobsched_price_board.config import PriceBoardSchema  # noqa: PLC0415 - see above

    return {"price_board": PriceBoardSchema}


@hookimpl
def jobsched_routes(config: Mapping[str, Mapping[str, Any]]) -> Sequence[web.RouteDef]:
    """Bring ``GET /plugins/price_board/prices``."""
    from jobsched_price_board.route import routes  # noqa: PLC0415 - aiohttp takes its time

    return routes(config["price_board"])


@hookimpl
def jobsched_commands(cli: click.Group) -> None:
    """Bring ``jobsched prices``."""
    from jobsched_price_board.command import prices  # noqa: PLC0415 - only the command line needs it

    cli.add_command(prices)
