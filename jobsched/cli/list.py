"""``jobsched list``: the jobs, latest schedule first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import click

from jobsched.cli import option, output
from jobsched.client import Client, Document

PAGE = 50


@click.command(name="list")
@click.option("--status", default="", help="Only jobs of this state.")
@click.option("--limit", type=click.IntRange(min=1), default=PAGE, show_default=True)
@click.option("--all", "everything", is_flag=True, help="All of them, not only the first.")
@option.as_json
@option.server
def command(*, client: Client, status: str, limit: int, everything: bool, as_json: bool) -> None:
    """List jobs, latest schedule first."""
    if as_json:
        for job in _jobs(client, status, None if everything else limit):
            output.document(job)
        return
    # one more than is shown, to know whether there are more
    jobs = list(_jobs(client, status, None if everything else limit + 1))
    shown = jobs if everything else jobs[:limit]
    _show(shown)
    if len(jobs) > len(shown):
        output.progress(f"the first {limit}; --all or --limit shows more")


def _jobs(client: Client, status: str, most: int | None) -> Iterator[Document]:
    return islice(_pages(client, status, min(most or PAGE, PAGE)), most)


def _pages(client: Client, status: str, limit: int) -> Iterator[Document]:
    cursor = ""
    while True:
        page = client.jobs(status=status, limit=limit, cursor=cursor)
        yield from page["jobs"]
        cursor = page.get("next") or ""
        if not cursor:
            return


def _show(jobs: list[Document]) -> None:
    from jobsched.cli import table  # noqa: PLC0415 (rich: not for --help)

    rows = [[job["id"], job["status"], job["schedule"], job.get("name", "")] for job in jobs]
    table.show(("id", "status", "schedule", "name"), rows)


__all__ = ["command"]
