"""``jobsched demo``: four jobs from their acceptance to their end, live."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from jobsched.cli import demo_stage, ending, option, output
from jobsched.cli.failure import FAILED, Failure
from jobsched.cli.sample import Sample
from jobsched.client import Answered, Client, Document

if TYPE_CHECKING:
    from jobsched.cli.demo_stage import Stage
    from jobsched.cli.demo_view import Show


@click.command(name="demo")
@click.option("--image", help="An image with /bin/sh; else one is looked for.")
@click.option("--cloud", is_flag=True, help="Give each job a machine of its own that really boots.")
@click.option("--keep", is_flag=True, help="Keep the data directory.")
@option.as_json
def command(*, image: str | None, cloud: bool, keep: bool, as_json: bool) -> None:
    """Run four sample jobs and show them live.

    They go through a real API, Redis and worker on this machine, started for them and ended
    afterwards. With --cloud each runs on a machine of a local cloud (Linux, Docker), a fifth one's
    machine is taken away in the middle, and the life of each machine is shown. Exit code 0 only if
    each ended as it should.
    """
    with _folder(keep=keep) as folder:
        if cloud:
            stage = demo_stage.local_cloud(folder, image)
        else:
            required = os.environ.get("JOBSCHED_DEMO_REQUIRE")
            stage = demo_stage.this_machine(folder, image, required)
        with stage as at:
            jobs = _run(at, quiet=as_json)
            logs = {job["id"]: _logs(at.client, job) for job in jobs}
    _show(at, jobs, logs, as_json=as_json)
    pairs = zip(at.samples, jobs, strict=True)
    if wrong := [sample.name for sample, job in pairs if not _is_right(sample, job)]:
        raise Failure(f"not as it should be: {', '.join(wrong)}", FAILED)


def _run(stage: Stage, *, quiet: bool) -> list[Document]:
    from jobsched.cli import demo_view  # noqa: PLC0415 (rich: not for --help)

    client, ids = stage.client, list[str]()
    try:
        with demo_view.live(quiet=quiet) as show:
            ids.extend(client.schedule(one.body(stage.image))["id"] for one in stage.samples)
            return _follow(stage, ids, show)
    finally:
        # The server goes next, and with it who would end them: late, or after Ctrl-C, too.
        _end(stage, ids)


def _follow(stage: Stage, ids: Sequence[str], show: Show) -> list[Document]:
    client, cancelled = stage.client, set[str]()
    deadline = time.monotonic() + stage.limit.total_seconds()
    while True:
        jobs = [client.status(job) for job in ids]
        show(jobs)
        stage.meanwhile(jobs)
        for job in _to_cancel(stage, jobs):
            if job not in cancelled:
                client.cancel(job)
                cancelled.add(job)
        if all(map(_is_over, jobs)) or time.monotonic() > deadline:
            return jobs
        time.sleep(0.1)


def _end(stage: Stage, ids: Sequence[str]) -> None:
    """Cancel what goes on, and wait until nothing of it is left."""
    client = stage.client
    left = [job for job in ids if not _is_over(client.status(job))]
    for job in left:
        with suppress(Answered):
            client.cancel(job)
    deadline = time.monotonic() + stage.ends_within.total_seconds()
    while left and time.monotonic() < deadline:
        left = [job for job in left if not _is_over(client.status(job))]
        time.sleep(0.1)
    for job in left:
        output.progress(f"job {job} has not ended: its container may still run")


def _logs(client: Client, job: Document) -> bytes:
    """Give what a job wrote, in all its attempts."""
    numbers = [attempt["no"] for attempt in job["attempts"]]
    return b"".join(piece for no in numbers for piece in client.logs(job["id"], attempt=no))


def _to_cancel(stage: Stage, jobs: Sequence[Document]) -> list[str]:
    pairs = zip(stage.samples, jobs, strict=True)
    return [job["id"] for one, job in pairs if one.is_cancelled and job["status"] == "running"]


def _is_over(job: Document) -> bool:
    return job["status"] in ending.ENDED


def _is_right(sample: Sample, job: Document) -> bool:
    return sample.ended_as_it_should(job)


def _show(stage: Stage, jobs: Sequence[Document], logs: dict[str, bytes], *, as_json: bool) -> None:
    from jobsched.cli import demo_life, demo_view, view  # noqa: PLC0415 (rich, marshmallow: not for --help)

    if not as_json:
        demo_view.result(jobs, logs)
        if stage.has_machines:
            demo_view.machines(list(demo_life.lives(jobs)))
        demo_view.go_on(stage.image, on_cloud=stage.has_machines)
        return
    for sample, job in zip(stage.samples, jobs, strict=True):
        machines = {"machines": list(demo_life.lives([job]))} if stage.has_machines else {}
        output.document(
            {
                "id": job["id"],
                "name": job["name"],
                "status": job["status"],
                "reason": job["reason"],
                "exit_code": ending.exit_code(job),
                "lateness": view.seconds_late(job),
                "logs": logs[job["id"]].decode(errors="replace"),
                "as_expected": _is_right(sample, job),
                **machines,
            }
        )


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    """Give a folder that goes with the demo, however that ends."""
    folder = Path(tempfile.mkdtemp(prefix="jobsched-demo-"))
    # the default of both is to end at once, which would leave a server behind
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    try:
        yield folder
    finally:
        if keep:
            output.progress(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


__all__ = ["command"]
