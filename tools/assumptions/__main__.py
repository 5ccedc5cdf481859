"""Say what it costs, ask, run the checks, and clean up whatever happens."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import boto3
from botocore.config import Config

from tools.assumptions import checks, made
from tools.assumptions.account import TYPE, Account

PARAMETER = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
#: seconds between two looks
PAUSE = 5
CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 5})
COSTS = f"""\
It launches two spot machines and one on-demand machine of the type {TYPE} (perhaps a t3.micro)
for some minutes, with disks of 69 GiB, and makes a launch template and a VPC with nothing in it:
less than 0.05 US dollars. Machines and disks have the tag jobsched:check; all is terminated and
deleted at the end.
Most checks are of calls that are refused, and cost nothing.
"""


def main() -> None:
    """Run from the command line; it ends with 1 if a rule does not hold."""
    options = _options()
    where = {"region_name": options.region, "endpoint_url": options.endpoint_url}
    session: Any = boto3.Session()
    number = session.client("sts", **where, config=CONFIG).get_caller_identity()["Account"]
    ec2 = session.client("ec2", **where, config=CONFIG)
    print(f"account {number}, region {ec2.meta.region_name}\n{COSTS}")
    if not options.yes and input("Go on? (yes) ") != "yes":
        sys.exit("nothing was done")
    image = session.client("ssm", **where, config=CONFIG).get_parameter(Name=PARAMETER)
    found = checked(
        Account(
            ec2, image["Parameter"]["Value"], options.patience, lambda: time.sleep(options.pause)
        )
    )
    sys.exit(1 if checks.DOES_NOT in found.values() else 0)


def checked(account: Account) -> dict[str, str]:
    """Run all checks, and clean up; give what was found of each rule."""
    try:
        made.template(account)
        return checks.run(account)
    finally:
        made.clean_up(account)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.assumptions", description="Check that EC2 behaves as the fake does."
    )
    parser.add_argument("--region", help="else what boto3 finds")
    parser.add_argument("--endpoint-url", help="a fake EC2, to try this script itself")
    parser.add_argument("--yes", action="store_true", help="it may cost money; do not ask")
    parser.add_argument("--patience", type=float, default=600, help="seconds to wait for a machine")
    parser.add_argument("--pause", type=float, default=PAUSE, help="seconds between two looks")
    return parser.parse_args()


if __name__ == "__main__":
    main()
