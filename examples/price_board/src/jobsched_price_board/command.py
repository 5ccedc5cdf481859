"""``jobsched prices``."""

from __future__ import annotations

import json

import click

from jobsched.client import Client


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def prices(*, as_json: bool) -> None:
    """Show what an hour of each machine costs, the cheapest first.

    Asks the server of JOBSCHED_URL, with the token of JOBSCHED_TOKEN or JOBSCHED_TOKEN_FILE.
    """
    # What goes wrong is told by `jobsched` itself, with its usual exit codes.
    board = Client.from_environment().get("/plugins/price_board/prices")
    for one in board["prices"]:
        if as_json:
            click.echo(json.dumps({**one, "currency": board["currency"]}))
        else:
            click.echo(f"{one['hourly']:>10.4f} {board['currency']}  {one['machine']}")
