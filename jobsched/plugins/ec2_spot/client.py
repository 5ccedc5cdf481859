"""The way to AWS: one client for each service, shared by all threads, its errors classified."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from jobsched.contracts.services import Services
from jobsched.plugins.ec2_spot.failure import NO_KEYS, no_answer, of_aws

#: calls at one time; each takes a thread while AWS thinks
THREADS = 8
#: launches at one time, besides: while they hang, machines are seen and ended all the same
LAUNCHES = 8
#: Three tries of a call that is not answered stay within the contracts' 60 seconds.
CONFIG = Config(
    connect_timeout=3,
    read_timeout=14,
    max_pool_connections=THREADS + LAUNCHES,
    retries={"mode": "standard", "total_max_attempts": 3},
    user_agent_extra="jobsched",
)
#: the call that has threads of its own
LAUNCH = "create_fleet"
#: the Price List API has few endpoints, and each lists every region's prices
ELSEWHERE = {"pricing": "us-east-1"}


def credentials(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the seed document's pair of keys, where boto3's own name is not set.

    botocore knows ``AWS_ACCESS_KEY_ID`` and not ``AWS_ACCESS_KEY``. Nothing is given where either
    half of the pair is missing: then boto3's own chain decides.
    """
    pair = environment.get("AWS_ACCESS_KEY"), environment.get("AWS_SECRET_ACCESS_KEY")
    if environment.get("AWS_ACCESS_KEY_ID") or not all(pair):
        return {}
    return {"aws_access_key_id": str(pair[0]), "aws_secret_access_key": str(pair[1])}


class Aws:
    """Calls of AWS in threads. Making a client takes 0.4 s, so it is done once, at the first call.

    Args:
        services: lends the threads.
        region: None: what the SDK finds.
        endpoint_url: another address for every service; None: the SDK's own.
    """

    def __init__(
        self, services: Services, *, region: str | None = None, endpoint_url: str | None = None
    ) -> None:
        self._threads = services.spawn.pool("ec2_spot", THREADS)
        self._launches = services.spawn.pool("ec2_spot.launches", LAUNCHES)
        self._where: dict[str, Any] = {"region_name": region, "endpoint_url": endpoint_url}
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()

    async def call(self, operation: str, service: str = "ec2", /, **parameters: Any) -> Any:
        """Call one operation by its method's name (``describe_images``); give its answer.

        May be repeated as the operation may.

        Raises:
            OperationFailed: classified by :mod:`jobsched.plugins.ec2_spot.failure`.
        """
        return await self._run(operation, self._called, service, operation, parameters)

    async def pages(
        self, operation: str, key: str, service: str = "ec2", /, **parameters: Any
    ) -> list[Any]:
        """Give what stands under ``key`` in all pages, whole.

        Raises:
            OperationFailed: as :meth:`call`; then no page counts.
        """
        return list(
            await self._run(operation, self._all_pages, service, operation, key, parameters)
        )

    async def date(self) -> datetime | None:
        """Give the time as AWS tells it with an answer, in whole seconds; None: it does not.

        Raises:
            OperationFailed: as :meth:`call`.
        """
        told = await self._run("get_caller_identity", self._dated)
        return parsedate_to_datetime(told).astimezone(UTC) if told else None

    def _dated(self) -> str:
        answer = self._client("sts").get_caller_identity()
        return str(answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date", ""))

    async def place(self) -> tuple[str, str]:
        """Give the region that calls go to, and EC2's address there. May be repeated.

        Raises:
            OperationFailed: no region is set anywhere.
        """
        found: tuple[str, str] = await self._run("place", self._place)
        return found

    def _place(self) -> tuple[str, str]:
        about = self._client("ec2").meta
        return about.region_name, about.endpoint_url

    async def _run(self, operation: str, function: Any, /, *arguments: Any) -> Any:
        threads = self._launches if operation == LAUNCH else self._threads
        try:
            return await threads.run(functools.partial(function, *arguments))
        except ClientError as error:
            raise of_aws(error, operation) from error
        except BotoCoreError as error:
            if isinstance(error, NO_KEYS):
                self._forget()
            raise no_answer(error, operation) from error

    def _called(self, service: str, operation: str, parameters: dict[str, Any]) -> Any:
        answer = getattr(self._client(service), operation)(**parameters)
        answer.pop("ResponseMetadata", None)
        return answer

    def _all_pages(
        self, service: str, operation: str, key: str, parameters: dict[str, Any]
    ) -> list[Any]:
        pages = self._client(service).get_paginator(operation).paginate(**parameters)
        return [one for page in pages for one in page.get(key, ())]

    def _forget(self) -> None:
        """Make the clients anew: one that was made without keys never looks for them again."""
        with self._making:
            self._clients.clear()

    def _client(self, service: str) -> Any:
        # sessions are not thread-safe, clients are
        with self._making:
            if service not in self._clients:
                # by the name at run time: the types know each service apart
                session: Any = boto3.session.Session(**_keys())
                where = self._where
                if service in ELSEWHERE:
                    where = {**where, "region_name": ELSEWHERE[service]}
                self._clients[service] = session.client(service, config=CONFIG, **where)
            return self._clients[service]


def _keys() -> Any:
    return credentials(os.environ)


__all__ = ["Aws", "credentials"]
