"""AWS with answers prepared by a test; botocore checks both sides against AWS' own model."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.stub import ANY, Stubber

from jobsched.plugins.ec2_spot.client import Aws
from jobsched.testing.clock import FakeClock
from jobsched.testing.services import LentServices
from tests.unit.plugins.lent import KeptLog

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TOKEN = "0123abcd" * 8


@functools.cache
def client_of(service: str) -> Any:
    """A client of AWS that is made once, as that takes half a second."""
    session: Any = boto3.session.Session(
        aws_access_key_id="made", aws_secret_access_key="up", region_name="us-east-1"
    )
    return session.client(service)


class StubbedAws(Aws):
    """Gives the prepared answers, in order; a call that was not prepared fails the test."""

    def __init__(self, services: LentServices) -> None:
        super().__init__(services)
        self.stubs: dict[str, Stubber] = {}

    def _client(self, service: str) -> Any:
        return self.stub(service).client

    def stub(self, service: str) -> Stubber:
        """The prepared answers of one service."""
        if service not in self.stubs:
            self.stubs[service] = Stubber(client_of(service))
            self.stubs[service].activate()
        return self.stubs[service]

    def answers(
        self,
        operation: str,
        answer: dict[str, Any],
        service: str = "ec2",
        *,
        asked: dict[str, Any] | None = None,
    ) -> None:
        """Prepare an answer, to exactly what is to be asked, if a test says so."""
        self.stub(service).add_response(operation, answer, asked)

    def fails(self, operation: str, code: str, service: str = "ec2", status: int = 400) -> None:
        """Prepare an error."""
        self.stub(service).add_client_error(
            operation,
            service_error_code=code,
            service_message="as prepared",
            http_status_code=status,
        )

    def end(self) -> None:
        """Give the clients back, and see that all that was prepared was asked."""
        for stub in self.stubs.values():
            stub.deactivate()
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()


@contextmanager
def stubbed(folder: Path) -> Iterator[tuple[StubbedAws, LentServices, KeptLog, FakeClock]]:
    """AWS, and what the core lends: a log that is kept and a clock that stands at noon."""
    log, clock = KeptLog(), FakeClock(NOW)
    services = LentServices(data_dir=folder, log=log, clock=clock)
    aws = StubbedAws(services)
    try:
        yield aws, services, log, clock
    finally:
        services.spawn.end()
        aws.end()


__all__ = ["ANY", "NOW", "TOKEN", "StubbedAws", "stubbed"]
