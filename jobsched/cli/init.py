"""``jobsched init``: what a deployment needs before its first process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from jobsched.cli import option, output, setting


@click.command(name="init")
@click.option("--store", is_flag=True, help="Make an empty Redis this deployment's, too.")
@click.option("--force", is_flag=True, help="Even a Redis that is another's, or lost its jobs.")
@setting.flag("--data-dir", "data_dir", "Where the secret and the id are kept.")
@setting.flag("--redis-url", "redis_url", "Redis of the deployment.")
@setting.file
@option.as_json
def command(*, store: bool, force: bool, file: Path | None, as_json: bool, **flags: Any) -> None:
    """Make a deployment's secret, id and certificates; what is there is kept.

    All processes of a deployment share them: give them the same files, or JOBSCHED_SECRET_FILE and
    JOBSCHED_DEPLOYMENT, and the workers JOBSCHED_CA_DIR. `jobsched up` without a Redis of its own
    does all of this by itself.
    """
    import asyncio  # noqa: PLC0415 (not for --help, nor what follows)

    from jobsched import bootstrap  # noqa: PLC0415

    if force and not store:
        raise click.UsageError("--force is about --store: say both")
    config = setting.read(file, **flags)
    made = bootstrap.init_files(config)
    if store:
        asyncio.run(bootstrap.init_store(config, force=force))
    data_dir, ca_dir = config.value("data_dir"), bootstrap.ca_dir(config)
    # the configuration counts before the files, in every process of the deployment
    chosen = {key for key in ("deployment", "secret") if config.value(key)}
    deployment = config.value("deployment") or made.deployment
    if as_json:
        found = {"deployment": deployment, "data_dir": str(data_dir), "ca_dir": str(ca_dir)}
        found |= {"store": store}
        output.document(found)
        return
    output.data(f"deployment {deployment}")
    output.progress(f"an id and a secret are in {data_dir} (for its owner alone)")
    output.progress(f"certificates for machines that are reached by TLS are in {ca_dir}")
    for key in sorted(chosen):
        output.progress(f"its {key} is not that one: {config.origin(key)} says another")
    if store:
        output.progress("its Redis is ready")


__all__ = ["command"]
