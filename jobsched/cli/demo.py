"""``jobsched demo``: four jobs from their acceptance to their end, live."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from jobsched.cli import demo_server, ending, local_runner, option, output
from jobsched.cli.failure import FAILED, Failure
from jobsched.cli.sample import SAMPLES, Sample
from jobsched.client import Answered, Client, Document

if TYPE_CHECKING:
    from jobsched.cli.demo_view import Show

#: How long the four jobs may take before they are shown as they stand.
LIMIT = timedelta(seconds=60)
#: How long those that were cancelled because of that may take to end.
ENDS_WITHIN = timedelta(seconds=20)


@click.command(name="demo")
@click.option("--image", help="An image with /bin/sh; else one is looked for.")
@click.option("--keep", is_flag=True, help="Keep the data directory.")
@option.as_json
def command(*, image: str | None, keep: bool, as_json: bool) -> None:
    """Run four sample jobs and show them live.

    They go through a real API, Redis and worker on this machine, started for them and ended
    afterwards. Exit code 0 only if each ended as it should.
    """
    chosen = local_runner.for_demo(image)
    if chosen.sentence:
        output.progress(chosen.sentence)
    required = os.environ.get("JOBSCHED_DEMO_REQUIRE")
    if required and f"{required}_runner" != chosen.runner:
        raise Failure(f"JOBSCHED_DEMO_REQUIRE={required} is not met: {chosen.runner}", FAILED)
    with _folder(keep=keep) as folder, demo_server.running(folder, runner=chosen.runner) as client:
        jobs = _run(client, chosen.image, quiet=as_json)
        logs = {job["id"]: b"".join(client.logs(job["id"])) for job in jobs}
    _show(jobs, logs, chosen.image, as_json=as_json)
    wrong = [one.name for one, job in zip(SAMPLES, jobs, strict=True) if not _is_right(one, job)]
    if wrong:
        raise Failure(f"not as it should be: {', '.join(wrong)}", FAILED)


def _run(client: Client, image: str, *, quiet: bool) -> list[Document]:
    from jobsched.cli import demo_view  # noqa: PLC0415 (rich: not for --help)

    ids: list[str] = []
    try:
        with demo_view.live(quiet=quiet) as show:
            ids.extend(client.schedule(sample.body(image))["id"] for sample in SAMPLES)
            return _follow(client, ids, show)
    finally:
        # The server goes next, and with it who would end them: late, or after Ctrl-C, too.
        _end(client, ids)


def _follow(client: Client, ids: Sequence[str], show: Show) -> list[Document]:
    cancelled: set[str] = set()
    deadline = time.monotonic() + LIMIT.total_seconds()
    while True:
        jobs = [client.status(job) for job in ids]
        show(jobs)
        for job in _to_cancel(jobs):
            if job not in cancelled:
                client.cancel(job)
                cancelled.add(job)
        if all(map(_is_over, jobs)) or time.monotonic() > deadline:
            return jobs
        time.sleep(0.1)


def _end(client: Client, ids: Sequence[str]) -> None:
    """Cancel what goes on, and wait until nothing of it is left on this machine."""
    left = [job for job in ids if not _is_over(client.status(job))]
    for job in left:
        with suppress(Answered):
            client.cancel(job)
    deadline = time.monotonic() + ENDS_WITHIN.total_seconds()
    while left and time.monotonic() < deadline:
        left = [job for job in left if not _is_over(client.status(job))]
        time.sleep(0.1)
    for job in left:
        output.progress(f"job {job} has not ended: its container may still run")


def _to_cancel(jobs: Sequence[Document]) -> list[str]:
    pairs = zip(SAMPLES, jobs, strict=True)
    return [job["id"] for one, job in pairs if one.is_cancelled and job["status"] == "running"]


def _is_over(job: Document) -> bool:
    return job["status"] in ending.ENDED


def _is_right(sample: Sample, job: Document) -> bool:
    return sample.ended_as_it_should(job)


def _show(jobs: Sequence[Document], logs: dict[str, bytes], image: str, *, as_json: bool) -> None:
    from jobsched.cli import demo_view, view  # noqa: PLC0415 (rich, marshmallow: not for --help)

    if not as_json:
        demo_view.result(jobs, logs)
        demo_view.go_on(image)
        return
    for sample, job in zip(SAMPLES, jobs, strict=True):
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
