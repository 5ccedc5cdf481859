"""``jobsched abandon``: count a job's machines as gone, because they will never be seen again."""

from __future__ import annotations

import click

from jobsched.cli import option, output
from jobsched.client import Client


@click.command(name="abandon")
@option.job_id
@click.option("--yes", is_flag=True, help="Do not ask.")
@option.as_json
@option.server
def command(*, client: Client, job: str, yes: bool, as_json: bool) -> None:
    """Count the machines of a job as gone, although nobody could confirm it.

    For a static host that has died: it frees the host's slot, and a job that waits only for its
    machine to be given back ends. A container that still runs there is nobody's from then on, and a
    job that may be retried is. Machines that their provider destroys cannot be abandoned.
    """
    if not yes:
        click.confirm(f"Will the machines of {job} never be seen again?", abort=True, err=True)
    answer = client.abandon(job)
    if as_json:
        output.document(answer)
    else:
        output.progress(answer["message"])


__all__ = ["command"]
