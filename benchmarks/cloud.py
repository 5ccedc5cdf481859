"""Jobs on machines that boot: what the control plane adds, and how late jobs start with a lead.

The whole product in processes of its own (`jobsched up`: API, worker, Redis), on the local cloud. A
few jobs at a time, each on a machine of its own, which boots for as long as it is told to. The
machine's own times are left out: its boot (until its ``update`` is taken), and no image is pulled,
as the machines have it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from benchmarks.report import Figure, arguments, repeat, spread
from jobsched.cli import demo_server, demo_stage, ending
from jobsched.client import Client
from jobsched.testing.cloud import LocalCloud

IMAGE = "busybox:latest"
#: how long a batch may take beside the boots
PATIENCE = 120.0
#: between the end of the boots and the jobs' time: what a fixed lead leaves
SPARE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What one job took, in seconds."""

    #: from the machine's ``update`` to the start of its container; None: it waited for its time
    overhead: float | None
    #: from the machine's ``update`` to the created container
    prepared: float
    #: from the job's time to the start; None: the machine was not there in time
    late: float | None


@contextmanager
def deployed(cloud: LocalCloud) -> Iterator[Client]:
    """Run `jobsched up` on the cloud."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {**demo_stage.settings_on(cloud), "JOBSCHED_EC2_SPOT_LEAD": "24h"}
        with demo_server.running(Path(folder), settings) as client:
            yield client


def batch(client: Client, options: argparse.Namespace, ahead: timedelta) -> list[Life]:
    """Run some jobs at one time, on as many machines."""
    start_at = datetime.now(UTC) + ahead
    job = {"schedule": start_at.isoformat(), "docker_image": IMAGE, "cmd": ["true"]}
    ids = [client.schedule(job)["id"] for _ in range(options.together)]
    deadline = time.monotonic() + ahead.total_seconds() + PATIENCE
    documents = [client.status(one) for one in ids]
    while not all(one["status"] in ending.ENDED for one in documents):
        if time.monotonic() > deadline:
            raise TimeoutError(documents)
        # seldom, so that looking costs the deployment little
        time.sleep(0.5)
        documents = [client.status(one) for one in ids]
    return [life(one) for one in documents]


def life(document: dict[str, Any]) -> Life:
    """Read the times of a job that has ended well."""
    if document["status"] != "finished":
        raise RuntimeError(f"a job did not end well: {document}")
    launch = document["attempts"][-1]["launches"][-1]
    container = launch["containers"][-1]
    ready, prepared, started = (
        datetime.fromisoformat(text)
        for text in (launch["ready_at"], container["prepared_at"], container["started_at"])
    )
    start_at = datetime.fromisoformat(document["schedule"])
    waited = prepared < start_at
    return Life(
        overhead=None if waited else (started - ready).total_seconds(),
        prepared=(prepared - ready).total_seconds(),
        late=(started - start_at).total_seconds() if waited else None,
    )


def measure(options: argparse.Namespace) -> list[Figure]:
    """Launch jobs that are due, and then others ahead of their time."""
    mode: Literal["light", "systemd"] = "light" if options.light else "systemd"
    with LocalCloud(images=[IMAGE], mode=mode) as cloud, deployed(cloud) as client:
        now, ahead = timedelta(), timedelta(seconds=options.boot) + SPARE
        due = [one for _ in range(options.batches) for one in batch(client, options, now)]
        cloud.slow_down(options.boot)
        later = [one for _ in range(options.batches) for one in batch(client, options, ahead)]
    overhead = [one.overhead for one in due if one.overhead is not None]
    late = [one.late for one in later if one.late is not None]
    return [
        *_spread("ready to started", overhead, p95=1.0),
        *_spread("ready to prepared", [one.prepared for one in (*due, *later)], p95=0.5),
        Figure(name="with a lead, not there in time", value=len(later) - len(late), unit="jobs"),
        *spread("start lateness with a lead", late, goal=1.0),
    ]


def _spread(name: str, seconds: Sequence[float], *, p95: float) -> list[Figure]:
    """Give p50, p95 and p99; the goal is that of p95."""
    found = spread(name, seconds)
    return [replace(one, goal=1000 * p95) if one.name.endswith("p95") else one for one in found]


def main() -> None:
    """Measure."""
    options = arguments(
        __doc__,
        together=(2, "jobs at one time"),
        batches=(10, "times so many"),
        boot=(20, "seconds that machines take longer to boot, where there is a lead"),
        light=(0, "1: machines without systemd and cloud-init"),
    )
    many = options.together * options.batches
    title = f"{many} jobs due and {many} with a lead on machines that boot"
    repeat(options, title, lambda: measure(options))


if __name__ == "__main__":
    main()
