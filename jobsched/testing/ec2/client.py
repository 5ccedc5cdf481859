"""The fake EC2 for a test: started, told what happens, and asked what is so."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from jobsched.testing.ec2 import shown
from jobsched.testing.ec2.process import USUAL_NETWORK, Options, Server

TIMEOUT = 30


class FakeEc2:
    """An EC2 of one's own, in a process of its own; boto3 reaches it by `endpoint_url=ec2.url`.

    Args:
        region: the one that it serves; calls for another one are refused.
        port: where it listens, on 127.0.0.1; 0: the system chooses.
        network: the range of the default VPC, with a prefix of 16.
        has_bodies: whether machines wait for somebody who gives them a body, before they run.

    Raises:
        RuntimeError: on entering it: moto is not installed.
    """

    def __init__(
        self,
        region: str = "us-east-1",
        port: int = 0,
        *,
        network: str = USUAL_NETWORK,
        has_bodies: bool = False,
    ) -> None:
        self.region = region
        self._options = Options(region=region, port=port, network=network, has_bodies=has_bodies)
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self._server = Server(self._options)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    @property
    def url(self) -> str:
        """Give its address.

        Raises:
            RuntimeError: it does not run.
        """
        if self._server is None:
            raise RuntimeError("the fake EC2 does not run: with FakeEc2() as ec2: …")
        return self._server.url

    @property
    def environment(self) -> dict[str, str]:
        """Give variables with which every AWS SDK finds it; the keys are made up."""
        return environment(self.url, self.region)

    def switch(self, **values: Any) -> None:
        """Set switches while it runs; those that are not named stay.

        Raises:
            ValueError: an unknown switch, or a value of the wrong kind.
        """
        self._ask("POST", "switches", values)

    def reset(self) -> None:
        """Let it forget everything: machines, volumes, tokens, switches, calls, the time."""
        self._ask("POST", "reset")

    def advance(self, seconds: float) -> datetime:
        """Let its clock go on; give its time then."""
        told = self._ask("POST", "advance", {"seconds": seconds})
        return datetime.fromisoformat(told["now"])

    def machines(self) -> list[shown.Machine]:
        """Give all machines that were ever launched, oldest first."""
        return [shown.machine(one) for one in self._ask("GET", "machines")]

    def machine(self, wanted: str) -> shown.Machine:
        """Give one machine.

        Raises:
            KeyError: there was never one of that id.
        """
        return shown.machine(self._ask("GET", f"machines/{wanted}"))

    def alive(self) -> list[str]:
        """Give the ids of the machines that are neither terminated nor shutting down."""
        return [str(one) for one in self._ask("GET", "alive")]

    def volumes(self) -> list[shown.Volume]:
        """Give the disks that are not deleted."""
        return [shown.Volume(**one) for one in self._ask("GET", "volumes")]

    def boot(self, wanted: str) -> shown.Machine:
        """Let a machine that is pending run; its user data is run by nobody."""
        return shown.machine(self._ask("POST", f"machines/{wanted}/boot"))

    def interrupt(
        self, wanted: str, *, notice: bool = False, seconds: float = 120
    ) -> shown.Machine:
        """Take a spot machine back: at once, or two minutes (`seconds`) after telling it.

        Raises:
            ValueError: it is no spot machine.
        """
        told = {"notice": notice, "seconds": seconds}
        return shown.machine(self._ask("POST", f"machines/{wanted}/interrupt", told))

    def recommend_rebalance(self, wanted: str) -> shown.Machine:
        """Tell a spot machine that it may be interrupted soon.

        Raises:
            ValueError: it is no spot machine.
        """
        return shown.machine(self._ask("POST", f"machines/{wanted}/rebalance"))

    def slow_down(self, boot_seconds: float) -> None:
        """Let the bodies of machines that are launched from now on boot longer; -1: for ever."""
        self._ask("POST", "bodies", {"boot_seconds": boot_seconds})

    def end(self, wanted: str, code: str = "Server.InternalError") -> shown.Machine:
        """Let a machine end by itself, with the code of the reason."""
        return shown.machine(self._ask("POST", f"machines/{wanted}/end", {"code": code}))

    @property
    def calls(self) -> Counter[str]:
        """Give how often each operation was called, tries of an SDK counted one by one."""
        return Counter(self._ask("GET", "calls"))

    def requests(self, operation: str) -> list[dict[str, Any]]:
        """Give the parameters of each call of an operation, as boto3 names them."""
        return list(self._ask("GET", f"requests/{operation}"))

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=TIMEOUT)
        try:
            connection.request(method, f"/_fake/{path}", json.dumps(body or {}))
            answer = connection.getresponse()
            value = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status == http.HTTPStatus.NOT_FOUND:
            raise KeyError(value["error"])
        if answer.status != http.HTTPStatus.OK:
            raise ValueError(value["error"])
        return value


def environment(url: str, region: str) -> dict[str, str]:
    """Give variables with which every AWS SDK finds the fake."""
    return {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "made-up-for-the-fake",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_ENDPOINT_URL": url,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


__all__ = ["FakeEc2", "environment"]
