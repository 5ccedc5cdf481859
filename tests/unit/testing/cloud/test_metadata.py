"""The metadata service as a machine meets it, without a machine: it is known by its address."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from jobsched.testing.cloud import metadata

HERE = "127.0.0.1"
TTL = "X-aws-ec2-metadata-token-ttl-seconds"
SHOWN = "X-aws-ec2-metadata-token"


def _machine(**more: Any) -> dict[str, Any]:
    return {
        "id": "i-1",
        "type": "m7i.large",
        "zone": "us-east-1a",
        "region": "us-east-1",
        "market": "spot",
        "image": "ami-1",
        "arch": "x86_64",
        "ip_address": HERE,
        "public_address": None,
        "settings": {
            "MetadataOptions": {"HttpTokens": "required"},
            "UserData": base64.b64encode(b"\x1f\x8b raw").decode(),
        },
        "tags": {"Name": "one"},
        "launched_at": "2026-11-30T16:00:00+00:00",
        "notice_at": None,
        "ending_at": None,
        "rebalance_at": None,
    } | more


@dataclass
class World:
    """A service, the machine that it knows, and who has booted."""

    service: metadata.Service
    machine: dict[str, Any] | None = field(default_factory=_machine)
    booted: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, bytes]:
        """Ask it; words of headers have underscores."""
        host, port = self.service.where.split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def token(self) -> str:
        """Get a token."""
        status, token = self.ask("PUT", "/latest/api/token", **{TTL: "60"})
        assert status == 200
        return token.decode()

    def get(self, path: str) -> tuple[int, str]:
        """Get a value with a token."""
        status, value = self.ask("GET", f"/latest/{path}", **{SHOWN: self.token()})
        return status, value.decode(errors="replace")


@pytest.fixture(name="world")
def serve() -> Iterator[World]:
    """Give a service on this host."""
    world: World
    booted: list[str] = []
    service = metadata.Service(
        HERE,
        lambda address: world.machine if address == HERE else None,
        booted.append,
    )
    world = World(service, booted=booted)
    thread = threading.Thread(target=service.serve_forever, args=(0.01,))
    thread.start()
    yield world
    service.shutdown()
    thread.join()
    service.server_close()


def test_values_are_given_for_a_token(world: World) -> None:
    """What EC2 tells a machine about itself, and the names below a path."""
    assert world.get("meta-data/instance-id") == (200, "i-1")
    assert world.get("meta-data/local-ipv4") == (200, HERE)
    assert world.get("meta-data/hostname") == (200, "ip-127-0-0-1.ec2.internal")
    assert world.get("meta-data/placement/availability-zone") == (200, "us-east-1a")
    assert world.get("meta-data/placement/") == (200, "availability-zone\nregion")
    assert "placement/\n" in world.get("meta-data/")[1] + "\n"
    document = json.loads(world.get("dynamic/instance-identity/document")[1])
    assert (document["instanceId"], document["region"]) == ("i-1", "us-east-1")
    assert world.get("meta-data/nothing")[0] == 404
    assert world.get("meta-data/tags/instance/Name")[0] == 404


def test_user_data_are_the_bytes_of_the_launch(world: World) -> None:
    """They are not unpacked: that is the machine's own work."""
    status, given = world.ask("GET", "/latest/user-data", **{SHOWN: world.token()})
    assert (status, given) == (200, b"\x1f\x8b raw")


@pytest.mark.parametrize("shown", [None, "made-up"])
def test_without_its_token_nothing_is_given(world: World, shown: str | None) -> None:
    """IMDSv1 and a token that is none are refused."""
    headers = {SHOWN: shown} if shown else {}
    assert world.ask("GET", "/latest/meta-data/instance-id", **headers) == (401, b"")


def test_a_token_is_good_for_its_machine_only(world: World) -> None:
    """Another machine's token is refused."""
    token = world.token()
    world.machine = _machine(id="i-2")
    assert world.ask("GET", "/latest/meta-data/instance-id", **{SHOWN: token})[0] == 401


def test_imds_v1_answers_where_the_launch_left_it_on(world: World) -> None:
    """Without a word about it, no token is needed; a wrong one is refused all the same."""
    world.machine = _machine(settings={})
    assert world.ask("GET", "/latest/meta-data/instance-id") == (200, b"i-1")
    assert world.ask("GET", "/latest/meta-data/instance-id", **{SHOWN: "made-up"})[0] == 401


@pytest.mark.parametrize("seconds", ["", "0", "x", "21601"])
def test_a_token_needs_a_time(world: World, seconds: str) -> None:
    """A token without a time, or with one that is too long, is not given."""
    headers = {TTL: seconds} if seconds else {}
    assert world.ask("PUT", "/latest/api/token", **headers)[0] == 400


def test_a_proxy_gets_no_token(world: World) -> None:
    """As at EC2: what was forwarded is refused."""
    headers = {TTL: "60", "X_Forwarded_For": "10.0.0.1"}
    assert world.ask("PUT", "/latest/api/token", **headers)[0] == 403


def test_it_is_off_where_the_launch_says_so(world: World) -> None:
    """A disabled endpoint, and who is no machine, get nothing."""
    world.machine = _machine(settings={"MetadataOptions": {"HttpEndpoint": "disabled"}})
    assert world.ask("PUT", "/latest/api/token", **{TTL: "60"})[0] == 403
    world.machine = None
    assert world.ask("PUT", "/latest/api/token", **{TTL: "60"})[0] == 403


def test_news_are_told_when_there_are_some(world: World) -> None:
    """Neither an end nor a rebalance is told of before it is known; then with EC2's words."""
    paths = ("meta-data/spot/instance-action", "meta-data/events/recommendations/rebalance")
    assert [world.get(one)[0] for one in paths] == [404, 404]
    world.machine = _machine(
        notice_at="2026-11-30T16:01:00+00:00",
        ending_at="2026-11-30T16:03:00.5+00:00",
        rebalance_at="2026-11-30T16:02:00+00:00",
    )
    told = [json.loads(world.get(one)[1]) for one in paths]
    assert told == [
        {"action": "terminate", "time": "2026-11-30T16:03:00Z"},
        {"noticeTime": "2026-11-30T16:02:00Z"},
    ]
    assert world.get("meta-data/spot/termination-time") == (200, "2026-11-30T16:03:00Z")


def test_tags_are_shown_where_the_launch_asks_for_it(world: World) -> None:
    """`InstanceMetadataTags` puts them there."""
    options = {"HttpTokens": "required", "InstanceMetadataTags": "enabled"}
    world.machine = _machine(settings={"MetadataOptions": options})
    assert world.get("meta-data/tags/instance/Name") == (200, "one")


def test_it_hears_who_has_booted(world: World) -> None:
    """The machine's image tells when the user data comes next."""
    assert world.ask("POST", "/local-cloud/booted")[0] == 200
    assert world.booted == ["i-1"]
