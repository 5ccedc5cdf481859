"""N jobs while processes are killed, judged from outside the product.

Exit code 1: a promise is broken. What all processes said is kept then.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from benchmarks import report
from benchmarks.chaos.book import Order, Page
from benchmarks.chaos.cloud import cloud_stage
from benchmarks.chaos.course import Course
from benchmarks.chaos.customer import customer
from benchmarks.chaos.deployment import base, deployed
from benchmarks.chaos.engine import engine_stage
from benchmarks.chaos.fault import KILLS, Faults
from benchmarks.chaos.inheritance import Inheritance, looking
from benchmarks.chaos.recorder import recording
from benchmarks.chaos.result import Result
from benchmarks.chaos.script import scripts
from benchmarks.chaos.stage import Stage

IMAGE = "busybox:latest"


def main() -> int:
    """Run once; give the exit code."""
    options = _options()
    signal.signal(signal.SIGTERM, _ended)
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    _say(f"seed {options.seed}; what all processes say is in {folder}")
    try:
        kept = _kept(run(options, folder), options, folder)
    except KeyboardInterrupt:
        _say("ended before its time; nothing of it runs")
        if not options.keep:
            shutil.rmtree(folder)
        return 130
    if kept and not options.keep:
        shutil.rmtree(folder)
    return 0 if kept else 1


def run(options: argparse.Namespace, folder: Path) -> Result:
    """Start everything, let it be, end everything."""
    name = f"chaos-{secrets.token_hex(6)}"
    with ExitStack() as stack:
        stage = stack.enter_context(_stage(options, name, folder))
        recorder = stack.enter_context(recording(stage.gateway, folder / "lines.txt"))
        variables = base(folder, name, stage.settings)
        deployment = stack.enter_context(deployed(folder, variables))
        # not before: the cloud may have made its image first, which takes minutes
        begun = time.monotonic()
        mean = sum(options.every) / 2
        during = options.kills * mean * 100 / KILLS
        order = Order(image=IMAGE, host=stage.gateway, port=recorder.port, run=name)
        pages = [
            Page(script=one, order=order) for one in scripts(options.seed, options.jobs, during)
        ]
        customers = stack.enter_context(customer(pages, deployment.apis, begun))
        inheritance = Inheritance(
            deployment.redis_url, lambda: [page.ids[0] for page in customers.open if page.ids]
        )
        course = Course(
            deployment=deployment,
            customer=customers,
            faults=Faults(
                actors=deployment.actors,
                dice=random.Random(options.seed),  # noqa: S311 - no secret
                every=(options.every[0], options.every[1]),
            ),
            inheritance=stack.enter_context(looking(inheritance)),
            stage=stage,
            recorder=recorder,
            kills=options.kills,
            until=begun + options.within,
            say=_say,
        )
        course.run()
        return Result(
            seen=course.evidence(),
            faults=course.faults.done,
            inherited=inheritance.seconds(),
            seconds=time.monotonic() - begun,
        )


def _stage(options: argparse.Namespace, name: str, folder: Path) -> AbstractContextManager[Stage]:
    return cloud_stage(IMAGE) if options.stage == "cloud" else engine_stage(name, folder / "data")


def _kept(result: Result, options: argparse.Namespace, folder: Path) -> bool:
    """Print the figures; say whether all promises were kept."""
    breaches, figures = result.breaches(), result.figures()
    for one in breaches:
        _say(f"BROKEN: {one.promise}: {one.job}: {one.detail}")
    about = {
        "benchmark": f"chaos on the {options.stage}",
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "seed": options.seed,
        **report.machine(),
    }
    if options.json:
        about["breaches"] = [asdict(one) for one in breaches]
    report.show(about, [[one] for one in figures], as_json=options.json)
    (folder / "faults.json").write_text(
        json.dumps([asdict(one) for one in result.faults], default=str, indent=1)
    )
    (folder / "documents.json").write_text(json.dumps(result.seen.documents, indent=1))
    return result.is_kept()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stage", choices=("engine", "cloud"), default="engine")
    parser.add_argument("--jobs", type=_some, default=60)
    parser.add_argument("--kills", type=int, default=30, help="faults end after so many (30)")
    parser.add_argument(
        "--every",
        type=float,
        nargs=2,
        default=(2.0, 5.0),
        metavar=("LEAST", "MOST"),
        help="seconds between two faults (2 5)",
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--within", type=float, default=600, help="seconds; then it ends (600)")
    parser.add_argument("--keep", action="store_true", help="keep what all processes said")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def _some(written: str) -> int:
    number = int(written)
    if number < 1:
        raise argparse.ArgumentTypeError("nothing can be lost of no job: give 1 or more")
    return number


def _say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def _ended(number: int, frame: FrameType | None) -> None:
    """End as at Ctrl-C: everything that was entered is left."""
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
