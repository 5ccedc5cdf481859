"""The script that a machine boots with: who it is, when it ends by itself, and the runner's own.

It holds the launch's callback token, and no other secret: whoever can read a machine's user data
can post callbacks of that one launch.
"""

from __future__ import annotations

import base64
import gzip
import shlex
from datetime import UTC, datetime
from typing import Final

from jobsched.contracts.order import MachineOrder
from jobsched.errors import OperationFailed

#: bytes that EC2 takes, before they are written in base 64 ("CreateFleet", user data)
MOST_BYTES: Final = 16_384

_SCRIPT: Final = """\
#!/bin/bash
# jobsched: the machine of one launch
JOBSCHED_CALLBACK_URL={callback_url}
JOBSCHED_CALLBACK_TOKEN={callback_token}
JOBSCHED_JOB_ID={job}
JOBSCHED_ATTEMPT={attempt}
JOBSCHED_LAUNCH={launch}
JOBSCHED_DIES_AT={dies_at}
{dead_man}{boot_script}"""

# Before anything that can fail. The timer stays after a reboot; the loop is for images without it.
_DEAD_MAN: Final = """\
cat > /etc/systemd/system/jobsched-dies.service <<'END'
[Unit]
Description=jobsched: the end of this machine's time
[Service]
Type=oneshot
ExecStart=/bin/systemctl poweroff
END
cat > /etc/systemd/system/jobsched-dies.timer <<'END'
[Unit]
Description=jobsched: the end of this machine's time
[Timer]
OnCalendar={calendar}
Persistent=true
[Install]
WantedBy=timers.target
END
if ! (systemctl daemon-reload && systemctl enable --now jobsched-dies.timer); then
  (while [ "$(date +%s)" -lt {seconds} ]; do sleep 10; done; poweroff) &
fi
"""


def script_for(order: MachineOrder, callback_url: str) -> str:
    """Give the script of a launch. Pure: the same order gives the same text."""
    return _SCRIPT.format(
        callback_url=shlex.quote(callback_url),
        callback_token=shlex.quote(order.callback_token),
        job=shlex.quote(order.job),
        attempt=order.attempt,
        launch=order.launch,
        dies_at=shlex.quote(order.dies_at.isoformat() if order.dies_at else ""),
        dead_man=_dead_man(order.dies_at) if order.dies_at else "",
        boot_script=order.boot_script,
    )


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


def _dead_man(dies_at: datetime) -> str:
    whole = dies_at.astimezone(UTC).replace(microsecond=0)
    return _DEAD_MAN.format(
        calendar=whole.strftime("%Y-%m-%d %H:%M:%S UTC"), seconds=int(whole.timestamp())
    )


__all__ = ["MOST_BYTES", "encoded", "script_for"]
