"""``jobsched cancel``: ask a job to end."""

from __future__ import annotations

import click

from jobsched.cli import ending, option, output, wait
from jobsched.cli.failure import CANCELLED
from jobsched.client import Client


@click.command(name="cancel")
@option.job_id
@click.option("--wait", "follow", is_flag=True, help="Return when it has ended.")
@option.as_json
@option.server
def command(*, client: Client, job: str, follow: bool, as_json: bool) -> None:
    """Ask a job to end; a container that runs is stopped.

    Exit code 0: it is, or will be, cancelled. With --wait: it was cancelled; if it ended otherwise
    the code tells how.
    """
    answer = client.cancel(job)
    if follow:
        answer = wait.until_end(client, job, within=None, say=output.progress)
    if as_json:
        output.document(answer)
    elif not follow:
        output.progress(answer["message"])
    if follow and (code := ending.code_of(answer)) != CANCELLED:
        output.progress(f"the job had ended before: {ending.standing(answer)}")
        raise click.exceptions.Exit(code)


__all__ = ["command"]
