"""Whether AWS knows us, and the region."""

from __future__ import annotations

import difflib
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, NoRegionError

from jobsched.contracts.check import Check, Finding
from jobsched.contracts.services import Services
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.checks_failure import (
    BAD_CREDENTIALS,
    Ec2Check,
    cause_of,
    code_of,
    has_no_keys,
    of_failure,
    setting,
    words_of,
)
from jobsched.plugins.ec2_spot.client import Aws

GIVE_KEYS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run on a machine with a "
    "role"
)


class Credentials(Ec2Check):
    """There are credentials, and AWS takes them."""

    name = "ec2.credentials"

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        try:
            who = await self._aws.call("get_caller_identity", "sts")
        except OperationFailed as error:
            if has_no_keys(error):
                words = "there are no credentials of AWS, or half of a pair"
                return Finding("fail", f"{words}: {GIVE_KEYS}")
            if (code := code_of(error)) in BAD_CREDENTIALS:
                words = f"AWS does not take the credentials ({code}: {words_of(error)})"
                return Finding("fail", f"{words}: {GIVE_KEYS}")
            return of_failure(error)
        return Finding("pass", f"calls are made as {who['Arn']}")


class Region(Check):
    """A region is set, there is such a one, and EC2 answers there."""

    name = "ec2.region"

    def __init__(self, aws: Aws, services: Services) -> None:
        self._aws = aws
        self._threads = services.spawn.pool("ec2_spot.region", 1)

    async def look(self) -> Finding:
        """See the contract."""
        try:
            region, where = await self._aws.place()
        except OperationFailed as error:
            if isinstance(cause_of(error), NoRegionError):
                return Finding("fail", f"no region is set: set {setting('region')} or AWS_REGION")
            return Finding("fail", f"{words_of(error)}: correct {setting('region')}")
        known = await self._threads.run(known_regions)
        unknown = "" if region in known else _unknown(region, known)
        try:
            await self._aws.call("describe_subnets", MaxResults=5)
        except OperationFailed as error:
            if found := _of_failure(error, region, where, unknown):
                return found
        if unknown:
            return Finding("warn", f"{unknown}, although something answers at {where}")
        return Finding("pass", f"EC2 answers in {region}")


def _of_failure(error: OperationFailed, region: str, where: str, unknown: str) -> Finding | None:
    """Say what no answer means; None: AWS answers there, whatever it says."""
    if has_no_keys(error):
        return of_failure(error)
    if isinstance(cause_of(error), BotoCoreError):
        words = f"EC2 does not answer at {where} ({words_of(error)})"
        way_out = f"correct {setting('region')}, or let calls out"
        return Finding("fail", unknown or f"{words}: {way_out}")
    if code_of(error) == "AuthFailure":
        words = f"EC2 of {region} does not know us ({words_of(error)})"
        way_out = f"enable the region for this account, or correct {setting('region')}"
        return Finding("fail", unknown or f"{words}: {way_out}")
    return None


def known_regions() -> list[str]:
    """Give the regions that the SDK knows, of all partitions. Blocks: it reads a large file."""
    session: Any = boto3.session.Session()
    partitions = session.get_available_partitions()
    return sorted(
        name
        for partition in partitions
        for name in session.get_available_regions("ec2", partition_name=partition)
    )


def _unknown(region: str, known: list[str]) -> str:
    near = difflib.get_close_matches(region, known, n=1)
    ask = f" (did you mean {near[0]}?)" if near else ""
    return f"correct {setting('region')}: the SDK of AWS here does not know {region!r}{ask}"


__all__ = ["Credentials", "Region", "known_regions"]
