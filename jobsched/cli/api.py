"""``jobsched api``: the API alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from jobsched.cli import option, output, setting


@click.command(name="api")
@setting.flag("--host", "api_host", "Address to bind to; 127.0.0.1 unless set.")
@setting.flag("--port", "api_port", "Port; 8080 unless set, 0 for any that is free.")
@setting.flag("--redis-url", "redis_url", "Redis of the deployment.")
@setting.file
@option.as_json
def command(*, file: Path | None, as_json: bool, **flags: Any) -> None:
    """Serve the API; `jobsched worker` runs the jobs.

    It keeps nothing of its own, so several may run beside each other. Any address but loopback
    needs a token (JOBSCHED_API_TOKEN or JOBSCHED_API_TOKEN_FILE).
    """
    import asyncio  # noqa: PLC0415 (not for --help, nor what follows)

    from jobsched import up  # noqa: PLC0415

    config = setting.read(file, **flags)

    def ready(url: str) -> None:
        if as_json:
            output.document({"url": url})
        else:
            output.progress(f"jobsched listens at {url}")

    asyncio.run(up.api(config, ready=ready))


__all__ = ["command"]
