"""``jobsched resume``: let a halted provider be asked for machines again."""

from __future__ import annotations

import click

from jobsched.cli import option, output
from jobsched.client import Client


@click.command(name="resume")
@click.argument("provider")
@option.as_json
@option.server
def command(*, client: Client, provider: str, as_json: bool) -> None:
    """Let a halted PROVIDER be asked for machines again; `jobsched providers` tells why it was.

    Put right first what it failed for: otherwise the next job fails as well, and halts it again.
    All jobs that wait for it go on, as fast as its caps allow.
    """
    answer = client.resume(provider)
    if as_json:
        output.document(answer)
    else:
        jobs = "1 job goes" if answer["woken"] == 1 else f"{answer['woken']} jobs go"
        output.progress(f"{provider} is asked for machines again; {jobs} on at once")


__all__ = ["command"]
