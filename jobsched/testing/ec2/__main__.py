"""Start the fake EC2 for a person: `python -m jobsched.testing.ec2`."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from typing import Any

from jobsched.testing.ec2.client import environment
from jobsched.testing.ec2.process import MISSING, USUAL_NETWORK

EXAMPLES = """\

Tell it what happens while it runs, in another terminal:

  curl -s {url}/_fake/switches                                      # all switches
  curl -s {url}/_fake/switches -d '{{"dry": ["spot/*/*"]}}'             # no spot machines
  curl -s {url}/_fake/switches -d '{{"throttle": {{"CreateFleet": 3}}}}'  # refuse three calls
  curl -s {url}/_fake/switches -d '{{"pending_seconds": -1}}'           # nothing boots by itself
  curl -s {url}/_fake/machines                                      # what really is
  curl -s -X POST {url}/_fake/machines/ID/boot                      # it has booted
  curl -s {url}/_fake/machines/ID/interrupt -d '{{"notice": true}}'     # spot interruption
  curl -s {url}/_fake/advance -d '{{"seconds": 600}}'                   # ten minutes go by
  curl -s -X POST {url}/_fake/reset                                 # forget everything

Ctrl-C ends it."""


def main() -> None:
    """Serve until Ctrl-C; or, for a test, until the standard input ends."""
    options = _options()
    server, url = _server(options)
    if options.owned:
        print(json.dumps({"url": url}), flush=True)  # noqa: T201  # whoever started it reads this line
        threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
    else:
        _greet(url, options.region)
    # It catches Ctrl-C itself, and closes its socket.
    server.serve_forever()
    if not options.owned:
        print("\nended; all its machines are forgotten")  # noqa: T201  # for a person


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m jobsched.testing.ec2", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: the system chooses one")
    parser.add_argument("--region", default="us-east-1", help="the region that it serves")
    parser.add_argument("--network", default=USUAL_NETWORK, help="range of the default VPC")
    # for a cloud that gives them one; else no machine would ever run
    parser.add_argument("--bodies", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--owned", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _server(options: argparse.Namespace) -> tuple[Any, str]:
    try:
        # moto is asked for here, so that its absence is told in a clear sentence.
        from jobsched.testing.ec2 import default_vpc, server  # noqa: PLC0415  # see above
        from jobsched.testing.ec2.cloud import Cloud  # noqa: PLC0415  # the same
    except ModuleNotFoundError as error:
        sys.exit(f"{MISSING} ({error})")
    try:
        default_vpc.use(options.network)
    except ValueError as error:
        sys.exit(str(error))
    cloud = Cloud(options.region, has_bodies=options.bodies)
    made = server.make(cloud, options.port)
    return made, server.address(made)


def _greet(url: str, region: str) -> None:
    print(f"A fake EC2 of the region {region} answers at {url}. For every AWS SDK:\n")  # noqa: T201  # for a person
    for name, value in environment(url, region).items():
        print(f"  export {name}={value}")  # noqa: T201  # the same
    print(EXAMPLES.format(url=url), flush=True)  # noqa: T201  # the same


def _end_with_input(server: Any) -> None:
    sys.stdin.read()
    server.shutdown()


main()
