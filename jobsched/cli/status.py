"""``jobsched status``: all that is known about a job."""

from __future__ import annotations

import click

from jobsched.cli import option, output
from jobsched.client import Client


@click.command(name="status")
@option.job_id
@option.as_json
@option.server
def command(*, client: Client, job: str, as_json: bool) -> None:
    """Show all that is known about a job."""
    document = client.status(job)
    if as_json:
        output.document(document)
        return
    from jobsched.cli import view  # noqa: PLC0415 (marshmallow, for durations: not for --help)

    for line in view.lines(document):
        output.data(line)


__all__ = ["command"]
