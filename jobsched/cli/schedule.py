"""``jobsched schedule``: post a job, and follow it if asked to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from jobsched.cli import ending, option, output, wait
from jobsched.cli.failure import INTERRUPTED
from jobsched.cli.request import request
from jobsched.client import Client


@click.command(name="schedule")
@click.argument("image", required=False)
@click.argument("words", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@click.option("--at", metavar="TIME", help="When it starts, in ISO 8601; without a zone it is UTC.")
@click.option("--in", "delay", type=option.Duration(), help="Or in how long: 90, 5m, 2h30m.")
@click.option("-e", "--env", multiple=True, metavar="NAME=VALUE", help="Environment. Repeatable.")
@click.option("--name", help="A name for people.")
@click.option("--label", multiple=True, metavar="KEY=VALUE", help="A word of yours. Repeatable.")
@click.option("--timeout", metavar="DURATION", help="How long it may run; 1 hour unless set.")
@click.option("--grace", metavar="DURATION", help="Time between SIGTERM and SIGKILL.")
@click.option("--late-limit", metavar="DURATION", help="How late it may start.")
@click.option("--retry", type=int, metavar="N", help="Attempts in all.")
@click.option(
    "--retry-on",
    multiple=True,
    metavar="WORD",
    help="before_start, error, exit:CODE, timeout or interruption. Repeatable.",
)
@click.option("--provider", help="Where the machine comes from.")
@click.option("--runner", help="What runs the container.")
@click.option("--planner", help="What plans when it is provisioned and started.")
@click.option("--pull", type=click.Choice(["always", "missing"]), help="When to pull the image.")
@click.option(
    "--secret-env", multiple=True, metavar="VAR=NAME", help="A configured secret, by its name."
)
@click.option("--registry-auth", metavar="NAME", help="A configured registry credential.")
@click.option("--option", "options", multiple=True, metavar="PLUGIN.KEY=VALUE", help="Repeatable.")
@click.option("--resource", multiple=True, metavar="KEY=VALUE", help="vcpus=2, memory_mib=512, ...")
@click.option("--file", "file", type=click.File(), help="The body as JSON; - for stdin.")
@click.option(
    "--idempotency-key", metavar="KEY", default="", help="A repeat makes no second job; needs --at."
)
@click.option("--wait", "follow", is_flag=True, help="Follow it, then print its output.")
@click.option("--wait-timeout", type=option.Duration(), help="How long to follow it.")
@option.as_json
@option.server
def command(
    *,
    client: Client,
    as_json: bool,
    follow: bool,
    wait_timeout: timedelta | None,
    idempotency_key: str,
    **asked: Any,
) -> None:
    """Run IMAGE once, at a time (now, unless --at or --in says another).

    \b
        jobsched schedule --wait busybox:latest -- echo hello
        jobsched schedule --in 5m -e GREETING=hello busybox:latest -- sh -c 'echo $GREETING'

    Prints the job's id. With --wait the id and each change go to stderr, the job's output goes to
    stdout, and the exit code tells its end: 0 finished, 1 failed, 3 cancelled, 4 timed out.
    """  # noqa: D301 (a backslash and a b tell click to keep the lines)
    if idempotency_key and not (asked["at"] or asked["file"]):
        raise click.UsageError(
            "--idempotency-key needs --at: a repeat must ask for the same time, and now is another "
            "one each time"
        )
    accepted = client.schedule(request(**asked), key=idempotency_key)
    job = accepted["id"]
    if as_json:
        output.document(accepted)
    if follow or wait_timeout is not None:
        _follow(client, job, within=wait_timeout, as_json=as_json)
    elif not as_json:
        output.data(job)


def _follow(client: Client, job: str, *, within: timedelta | None, as_json: bool) -> None:
    output.progress(f"job {job}")
    try:
        document = wait.until_end(client, job, within=within, say=output.progress)
        if as_json:
            output.document(document)
        else:
            output.pieces(client.logs(job))
    except KeyboardInterrupt:
        output.progress(f"\n{wait.how_to_go_on(job)}")
        raise click.exceptions.Exit(INTERRUPTED) from None
    raise click.exceptions.Exit(ending.code_of(document))


__all__ = ["command"]
