"""Time that nobody waits for: it goes on at each look, and an answer that hangs is given up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.retries.quota import RetryQuota
from botocore.retries.standard import ExponentialBackoff

from jobsched.testing.clock import LentClock
from jobsched.testing.conformance import settling
from jobsched.testing.ec2 import FakeEc2

#: calls by which somebody who waits for something looks whether it is so
LOOKS: Final = ("DescribeInstances", "TerminateInstances")
#: seconds until a call that must hang has come to that, on a busy machine
SOON: Final = 30
PAUSE: Final = 0.005


class HastyClock(LentClock):
    """The time of this machine, and what it was moved on by."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Give the time, aware, in UTC."""
        return super().now() + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return super().monotonic() + self._ahead

    def set_to(self, at: datetime) -> None:
        """Let it go on from a time."""
        self._ahead = (at - super().now()).total_seconds()

    def advance(self, seconds: float) -> None:
        """Move it on."""
        with self._lock:
            self._ahead += seconds


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let neither the SDK pause between its tries nor the kit between its looks for long.

    Each test has all of the SDK's tries, whatever the ones before have lost: one client's are used
    up by a hundred losses.
    """
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    monkeypatch.setattr(RetryQuota, "acquire", lambda *_: True)
    monkeypatch.setattr(settling, "LONGEST_PAUSE", settling.FIRST_PAUSE)


@contextmanager
def each_look_takes(
    seconds: float, ec2: FakeEc2, clock: HastyClock, clients: Mapping[str, Any]
) -> Iterator[None]:
    """Let the time of EC2 and of the workers go on at each look."""

    def passed(**_: Any) -> None:
        ec2.advance(seconds)
        clock.advance(seconds)

    with _listening(clients["ec2"], [f"after-call.ec2.{one}" for one in LOOKS], passed):
        yield


@contextmanager
def each_machine_is_told(ec2: FakeEc2, clients: Mapping[str, Any]) -> Iterator[None]:
    """Let EC2 tell each spot machine at its launch that it ends in two minutes."""

    def launched(parsed: Mapping[str, Any], **_: Any) -> None:
        for one in parsed.get("Instances") or ():
            if one["Lifecycle"] == "spot":
                for machine in one["InstanceIds"]:
                    ec2.interrupt(machine, notice=True)

    with _listening(clients["ec2"], ["after-call.ec2.CreateFleet"], launched):
        yield


@contextmanager
def answers_are_given_up(ec2: FakeEc2, clients: Mapping[str, Any]) -> Iterator[None]:
    """Let the SDK find that it has waited too long as soon as a call hangs (switch ``hang``)."""
    patience = [Impatience(ec2, client) for client in clients.values()]
    for one in patience:
        one.begin()
    try:
        yield
    finally:
        # whatever hangs is let go
        ec2.switch(hang={})
        for one in patience:
            one.end()


class Impatience:
    """Stands in for the clock of one client's ``read_timeout``.

    A call that will hang is sent by a thread; once EC2 has carried it out, the SDK is told what it
    would have found when its time was over.
    """

    def __init__(self, ec2: FakeEc2, client: Any) -> None:
        self._ec2 = ec2
        self._client = client
        self._service = client.meta.service_model.service_id.hyphenize()
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        """Watch the client's calls."""
        self._client.meta.events.register(f"before-send.{self._service}", self._sent)

    def end(self) -> None:
        """Watch them no more, and wait for those that hung."""
        self._client.meta.events.unregister(f"before-send.{self._service}", self._sent)
        for one in self._threads:
            one.join(timeout=SOON)

    def _sent(self, request: Any, event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        before = self._left(operation)
        if not before:
            return
        thread = threading.Thread(target=self._send, args=[request], daemon=True)
        self._threads.append(thread)
        thread.start()
        end = time.monotonic() + SOON
        while self._left(operation) == before and time.monotonic() < end:
            time.sleep(PAUSE)
        raise ReadTimeoutError(endpoint_url=request.url)

    def _send(self, request: Any) -> None:
        try:
            self._client._endpoint.http_session.send(request)
        except Exception as error:  # its connection ends when it is let go
            del error

    def _left(self, operation: str) -> int:
        return int(self._ec2._ask("GET", "switches")["hang"].get(operation, 0))


@contextmanager
def _listening(client: Any, events: list[str], told: Any) -> Iterator[None]:
    for one in events:
        client.meta.events.register(one, told)
    try:
        yield
    finally:
        for one in events:
            client.meta.events.unregister(one, told)


__all__ = [
    "HastyClock",
    "answers_are_given_up",
    "each_look_takes",
    "each_machine_is_told",
    "hurry",
]
