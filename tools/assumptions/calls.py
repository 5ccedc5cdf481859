"""How EC2 answers calls: dry runs, pages, wrong names. These checks cost nothing."""

from __future__ import annotations

from typing import Any, Final

import boto3

from tools.assumptions import made
from tools.assumptions.account import TYPE, UNKNOWN, Account
from tools.assumptions.outcome import Unseen, code, refusal, rule, same

#: calls that many may not make, as dry runs
TRIED: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("create_key_pair", {"KeyName": "jobsched-check"}),
    ("create_internet_gateway", {}),
    ("allocate_address", {}),
)
ALLOWED: Final = "these keys may do all that was tried: run it with keys that have fewer rights"
FORBIDDEN: Final = 403


@rule("dry-run")
def dry_run(account: Account) -> None:
    """A dry run that would succeed is refused with DryRunOperation, and 412."""
    asked = {"ImageId": account.image, "InstanceType": TYPE, "MinCount": 1, "MaxCount": 1}
    same(refusal(account.ec2.run_instances, **asked, DryRun=True), ("DryRunOperation", 412))


@rule("missing-right")
def missing_right(account: Account) -> None:
    """What may not be done is refused with UnauthorizedOperation, and 403."""
    for name, asked in TRIED:
        seen, status = refusal(getattr(account.ec2, name), **asked, DryRun=True)
        if status == FORBIDDEN:
            same(seen, "UnauthorizedOperation")
            return
    raise Unseen(ALLOWED)


@rule("unknown-machine")
def unknown_machine(account: Account) -> None:
    """An unknown machine is not found, described or terminated."""
    for call in (account.ec2.describe_instances, account.ec2.terminate_instances):
        same(code(call, InstanceIds=[UNKNOWN]), "InvalidInstanceID.NotFound")


@rule("pages")
def pages(account: Account) -> None:
    """Pages of fewer than five, and pages of named machines, are refused."""
    describe = account.ec2.describe_instances
    same(code(describe, MaxResults=4), "InvalidParameterValue")
    named = {"InstanceIds": [made.machine(account)], "MaxResults": 5}
    same(code(describe, **named), "InvalidParameterCombination")


@rule("other-region")
def other_region(account: Account) -> None:
    """A call that is signed for another region is refused."""
    about = account.ec2.meta
    other = "eu-north-1" if about.region_name != "eu-north-1" else "us-east-1"
    session: Any = boto3.Session(region_name=other)
    client = session.client("ec2", endpoint_url=about.endpoint_url)
    same(code(client.describe_instances, MaxResults=5), "AuthFailure")
