"""``jobsched providers``: where machines come from, and whether they do."""

from __future__ import annotations

from typing import Any

import click

from jobsched.cli import option, output
from jobsched.client import Client, Document

NAMES = ("provider", "status", "machines", "an hour", "a second")


@click.command(name="providers")
@option.as_json
@option.server
def command(*, client: Client, as_json: bool) -> None:
    """List the providers: machines that are on, how many may be, and which are halted.

    A provider is halted when it failed in a way that would fail every job; all its jobs wait until
    `jobsched resume` lets it go on.
    """
    found = client.providers()["providers"]
    if as_json:
        for one in found:
            output.document(one)
        return
    from jobsched.cli import table  # noqa: PLC0415 (rich: not for --help)

    table.show(NAMES, [_row(one) for one in found])
    for one in found:
        if one["halted"]:
            output.progress(_why(one))


def _row(one: Document) -> list[str]:
    caps = one["caps"]
    return [
        one["name"],
        "halted" if one["halted"] else "asked",
        f"{one['alive']} of {caps['alive']}" if caps["alive"] is not None else str(one["alive"]),
        _most(caps["hourly"]),
        _most(caps["per_second"]),
    ]


def _most(cap: Any) -> str:
    if cap is None:
        return "any"
    return f"{cap:g}" if isinstance(cap, float) else str(cap)


def _why(one: Document) -> str:
    halted = one["halted"]
    return (
        f"{one['name']} is halted since {halted['at']} ({halted['reason']}: {halted['message']}; "
        f"job {halted['job']}): put it right, then `jobsched resume {one['name']}`"
    )


__all__ = ["command"]
