"""One local cloud for the tests of a process, and one machine that has booted."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from jobsched.testing.cloud import LocalCloud
from tests.clouds import client, launch, local_cloud, until

#: What a machine finds when it looks around, posted to this host.
LOOKS_AROUND = """\
#!/bin/bash
metadata=http://169.254.169.254/latest
token=$(curl -sS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $metadata/api/token)
ask() { curl -sS -H "X-aws-ec2-metadata-token: $token" "$metadata/$1"; }
systemctl start docker
{
  echo "instance=$(ask meta-data/instance-id)"
  echo "user_data=$(ask user-data | sha256sum | cut -d' ' -f1)"
  echo "seed=$(sha256sum </var/lib/cloud/instance/user-data.txt | cut -d' ' -f1)"
  echo "without_token=$(curl -s -o /dev/null -w '%{http_code}' $metadata/meta-data/instance-id)"
  echo "action=$(curl -s -o /dev/null -w '%{http_code}' -H "X-aws-ec2-metadata-token: $token" \\
    $metadata/meta-data/spot/instance-action)"
  echo "container=$(docker run --rm busybox:latest echo said by a container)"
} >/root/found
curl -sS --data-binary @/root/found GATEWAY
"""


@dataclass
class Listener:
    """An HTTP server of this host that keeps what is posted to it, and by whom."""

    url: str
    posts: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Booted:
    """A machine that has run its user data."""

    #: as EC2 described it at its launch
    described: dict[str, Any]
    #: the bytes of the launch
    user_data: bytes
    #: the address that it posted from
    caller: str
    #: what it found
    found: dict[str, str]

    @property
    def id(self) -> str:
        """Give its id."""
        return str(self.described["InstanceId"])


@pytest.fixture(scope="session")
def cloud(docker_host: str) -> Iterator[LocalCloud]:
    """Give a cloud that several tests use, each with machines of its own."""
    with local_cloud() as one:
        yield one


@pytest.fixture(scope="session")
def ec2(cloud: LocalCloud) -> Iterator[Any]:
    """Give boto3's client of its EC2."""
    made = client(cloud)
    yield made
    made.close()


@contextmanager
def listening(cloud: LocalCloud) -> Iterator[Listener]:
    """Run a server that the machines of a cloud reach."""
    found = Listener(url="")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found.posts.append((self.client_address[0], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((cloud.gateway, 0), Handler) as server:
        found.url = f"http://{cloud.gateway}:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def booted(cloud: LocalCloud, ec2: Any) -> Booted:
    """Give a machine whose user data, which was packed, has run to its end."""
    with listening(cloud) as listener:
        user_data = gzip.compress(LOOKS_AROUND.replace("GATEWAY", listener.url).encode(), mtime=0)
        described = launch(ec2, user_data)
        until("the machine posts what it found", lambda: listener.posts)
    caller, said = listener.posts[0]
    found = dict(line.split("=", 1) for line in said.splitlines())
    return Booted(described, user_data, caller, found)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests here: the first one may have to make the image that machines boot from."""
    for item in items:
        if "integration/cloud" in item.nodeid:
            item.add_marker(pytest.mark.docker)
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(600))
