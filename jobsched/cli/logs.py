"""``jobsched logs``: what a job's container wrote."""

from __future__ import annotations

import click

from jobsched.cli import option, output
from jobsched.client import Client


@click.command(name="logs")
@option.job_id
@click.option("--attempt", type=click.IntRange(min=1), help="Of this attempt, not of the last one.")
@option.as_json
@option.server
def command(*, client: Client, job: str, attempt: int | None, as_json: bool) -> None:
    """Print what a job's container wrote, byte for byte."""
    found = client.logs(job, attempt=attempt)
    if not as_json:
        output.pieces(found)
        return
    for line in b"".join(found).splitlines():
        output.document({"id": job, "line": line.decode(errors="replace")})


__all__ = ["command"]
