"""``jobsched up``: API, worker and Redis in one process, on this machine."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jobsched.cli import local_runner, option, output, setting

if TYPE_CHECKING:
    from jobsched.config import Config


@click.command(name="up")
@setting.flag("--host", "api_host", "Address that the API binds to; 127.0.0.1 unless set.")
@setting.flag("--port", "api_port", "Port of the API; 8080 unless set, 0 for any that is free.")
@setting.flag("--data-dir", "data_dir", "Where the jobs are kept.")
@setting.file
@option.as_json
# for who starts it: it ends with its standard input, also when its owner was killed
@click.option("--owned", is_flag=True, hidden=True)
def command(*, file: Path | None, as_json: bool, owned: bool, **flags: Any) -> None:
    """Run the API, a worker and a Redis in one process.

    Nothing need be set up. Jobs are kept in the user's data directory and are there again after a
    restart. Containers run on this machine's Docker Engine; where none answers, jobs run as plain
    processes, and one line says so.
    """
    import asyncio  # noqa: PLC0415 (not for --help, nor what follows)
    import threading  # noqa: PLC0415

    from jobsched import up  # noqa: PLC0415

    config = read(file, **flags)

    def ready(url: str) -> None:
        told(config, url, as_json=as_json)

    if owned:
        threading.Thread(target=_end_with_input, daemon=True).start()

    asyncio.run(up.up(config, ready=ready))


def _end_with_input() -> None:
    """End in order when the standard input does."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def read(file: Path | None, **flags: Any) -> Config:
    """Read the configuration; where nobody has chosen a runner, take what this machine offers."""
    config = setting.read(file, **flags)
    if config.origin("plugins") != "default":
        return config
    runner = config.value("runner")
    if config.origin("runner") == "default":
        chosen = local_runner.choose()
        runner = chosen.runner
        if chosen.sentence:
            output.progress(chosen.sentence)
    # Only that one: where there are containers, no job may ask for a process without one.
    return setting.read(file, **flags, runner=runner, plugins=["local", runner])


def told(config: Config, url: str, *, as_json: bool) -> None:
    """Tell where it listens, and the first line to type."""
    if as_json:
        found = {"url": url, "runner": config.value("runner")}
        output.document({**found, "data_dir": str(config.value("data_dir"))})
        return
    token = ' -H "Authorization: Bearer $JOBSCHED_TOKEN"' if config.value("api_token") else ""
    output.progress(
        f"""\
jobsched listens at {url} (runner {config.value("runner")}, data in {config.value("data_dir")})

  curl -s{token} -H 'Content-Type: application/json' {url}/schedule \\
    -d "{{\\"docker_image\\": \\"busybox:latest\\", \\"cmd\\": \\"echo hello\\", \\
         \\"schedule\\": \\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\"}}"

Ctrl-C ends it; the jobs are kept."""
    )


__all__ = ["command", "read", "told"]
