"""``jobsched worker``: what runs the jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from jobsched.cli import setting


@click.command(name="worker")
@setting.flag("--redis-url", "redis_url", "Redis of the deployment.")
@setting.file
def command(*, file: Path | None, **flags: Any) -> None:
    """Run jobs until told to stop; several workers share the work.

    The same as `arq jobsched.worker.WorkerSettings`, but it waits for a Redis that is away. SIGTERM
    finishes the steps in hand and ends within 30 seconds; containers that run go on.
    """
    from jobsched.worker.run import run_worker  # noqa: PLC0415 (not for --help)

    raise click.exceptions.Exit(run_worker(setting.read(file, **flags)))


__all__ = ["command"]
