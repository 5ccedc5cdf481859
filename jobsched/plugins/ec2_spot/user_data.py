"""The script that a machine boots with: who it is, when it ends by itself, and the runner's own.

It holds the launch's callback token, and no other secret: whoever can read a machine's user data
can post callbacks of that one launch.
"""

from __future__ import annotations

import base64
import gzip
import shlex
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Final

from jobsched.contracts.order import MachineOrder
from jobsched.errors import OperationFailed

#: bytes that EC2 takes, before they are written in base 64 ("CreateFleet", user data)
MOST_BYTES: Final = 16_384

#: the provider's half: dead-man timer, commands, agent (``user_data/README.md``)
_TEXTS: Final = {
    one.name: one.read_text(encoding="ascii")
    for one in (files("jobsched") / "_user_data" / "machine").iterdir()
}

_HEAD: Final = """\
#!/bin/bash
# jobsched: the machine of one launch
JOBSCHED_CALLBACK_URL={callback_url}
JOBSCHED_CALLBACK_TOKEN={callback_token}
JOBSCHED_JOB_ID={job}
JOBSCHED_ATTEMPT={attempt}
JOBSCHED_LAUNCH={launch}
JOBSCHED_DIES_AT={dies_at}
"""

_COMMANDS: Final = """\
mkdir -p /usr/local/lib/jobsched
cat >/usr/local/lib/jobsched/commands <<'END_OF_FILE'
{commands}END_OF_FILE
cat >/usr/local/lib/jobsched/agent <<'END_OF_FILE'
{agent}END_OF_FILE
"""


def script_for(order: MachineOrder, callback_url: str) -> str:
    """Give the script of a launch. Pure: the same order gives the same text."""
    head = _HEAD.format(
        callback_url=shlex.quote(callback_url),
        callback_token=shlex.quote(order.callback_token),
        job=shlex.quote(order.job),
        attempt=order.attempt,
        launch=order.launch,
        dies_at=_in_utc(order.dies_at) if order.dies_at else "",
    )
    dead_man = _TEXTS["dead_man.sh"] if order.dies_at else ""
    commands = _COMMANDS.format(commands=_TEXTS["commands.sh"], agent=_TEXTS["agent.sh"])
    # a runner that needs nothing on the machine: it is ready once it is up
    last = order.boot_script or "post update\n"
    return head + dead_man + commands + _TEXTS["boot.sh"] + last


def encoded(script: str) -> str:
    """Give user data as the API takes it: in base 64, compressed if it is long. Pure.

    Raises:
        OperationFailed: it is too long all the same; the job cannot be served.
    """
    data = script.encode()
    if len(data) > MOST_BYTES:
        # cloud-init unpacks it; without a time in it, it is the same each time
        data = gzip.compress(data, mtime=0)
    if len(data) > MOST_BYTES:
        raise OperationFailed(
            "configuration",
            f"the script that the machine boots with has {len(data)} bytes even when compressed; "
            f"EC2 takes {MOST_BYTES}",
            then="fail",
        )
    return base64.b64encode(data).decode("ascii")


def _in_utc(dies_at: datetime) -> str:
    """Write the moment in whole seconds, rounded up: never before it."""
    whole = dies_at + timedelta(microseconds=-dies_at.microsecond % 1_000_000)
    return whole.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["MOST_BYTES", "encoded", "script_for"]
