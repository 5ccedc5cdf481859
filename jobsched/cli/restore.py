"""``jobsched restore``: after a backup of Redis was put back, let nothing run a second time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jobsched.cli import option, output, setting

if TYPE_CHECKING:
    from jobsched.engine.restore import Restoration

ASKED = (
    "Is this Redis put back from a backup, and are API and workers stopped? Jobs whose time has "
    "come will not run any more. Go on?"
)
#: in the order in which they are told
WORDS = {
    "failed": "failed, as they may have run since the backup",
    "finishing": "end as soon as their machines are given back",
    "watched": "are watched to the end of what was started, and begin nothing more",
    "ahead": "go on: their time has not come",
    "ended": "had ended",
}


@click.command(name="restore")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Even while workers live in it.")
@setting.flag("--data-dir", "data_dir", "Where the secret and the id are kept.")
@setting.flag("--redis-url", "redis_url", "Redis of the deployment.")
@setting.file
@option.as_json
def command(*, yes: bool, force: bool, file: Path | None, as_json: bool, **flags: Any) -> None:
    """After a backup of Redis was put back, let nothing run a second time.

    Stop API and workers, put the backup back, start Redis, type this, and start API and workers.
    The backup does not know what ran after it was made, so a job whose time has come ends as failed
    (restored) and is not begun again; jobs whose time is ahead go on. May be repeated.
    """
    import asyncio  # noqa: PLC0415 (not for --help, nor what follows)

    from jobsched import bootstrap  # noqa: PLC0415

    config = setting.read(file, **flags)
    if not yes:
        click.confirm(ASKED, abort=True, err=True)
    found = asyncio.run(bootstrap.restore_store(config, tell=_tell, force=force))
    if as_json:
        jobs = {word: found.jobs[word] for word in WORDS}
        output.document({**jobs, "unreadable": sorted(found.unreadable)})
        return
    for word, meaning in WORDS.items():
        output.data(f"{found.jobs[word]:7} {meaning}")
    for job in sorted(found.unreadable):
        output.progress(
            f"the record of {job} cannot be read, and is in quarantine: put it right, and workers "
            "hold its job back before they go on with it"
        )
    output.progress("start API and workers now")


def _tell(found: Restoration) -> None:
    output.progress(f"jobs looked at: {found.jobs.total()}")


__all__ = ["command"]
