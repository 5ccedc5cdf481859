"""The process that keeps the bodies of a local cloud; `LocalCloud` starts it.

It writes a line of JSON when it is ready and one for each event, reads the fake's address as the
first line of its input, and takes everything away when its input ends: also when whoever started
it was killed.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from dataclasses import asdict
from typing import Any

from jobsched.testing.cloud.docker_site import DockerSite
from jobsched.testing.cloud.event import Event
from jobsched.testing.cloud.keeper import Keeper
from jobsched.testing.cloud.mark import Mark
from jobsched.testing.cloud.trouble import CannotRun, NoEngine

_writing = threading.Lock()


def main() -> None:
    """Keep the bodies until the input ends."""
    # Ctrl-C is for whoever started it, and then the input ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    options = _options()
    mine = Mark.make()
    lock = mine.hold()
    try:
        _keep(mine, options)
    except CannotRun as error:
        _write({"error": str(error), "no_engine": isinstance(error, NoEngine)})
    finally:
        mine.forget()
        lock.close()


def _keep(mine: Mark, options: argparse.Namespace) -> None:
    site = DockerSite(mine, options.image, options.images, options.mode)
    try:
        keeper = Keeper(site, _tell)
    except OSError as error:
        site.close()
        raise CannotRun(
            f"this host does not have the address {site.network.gateway} of the engine's network: "
            "the local cloud needs a Docker Engine that runs on this Linux itself, not in a "
            "virtual machine, on another host or without root"
        ) from error
    try:
        network = asdict(site.network)
        _write({"cloud": mine.cloud, "folder": str(mine.folder), **network})
        url = sys.stdin.readline().strip()
        if url:
            keeper.start(url)
            sys.stdin.read()
    finally:
        keeper.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m jobsched.testing.cloud", description=__doc__)
    parser.add_argument("--image", required=True, help="that machines boot from")
    parser.add_argument("--images", nargs="*", default=[], help="for the machines' own engines")
    parser.add_argument("--mode", choices=["systemd", "light"], default="systemd")
    return parser.parse_args()


def _tell(event: Event) -> None:
    _write(asdict(event))


def _write(value: dict[str, Any]) -> None:
    try:
        with _writing:
            print(json.dumps(value), flush=True)  # noqa: T201  # whoever started it reads this
    except BrokenPipeError:
        # It was killed, and nobody reads any more.
        pass


if __name__ == "__main__":
    main()
