"""A primary with a replica: what is accepted is on both, or is refused."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
import redis

from jobsched import embedded
from jobsched.errors import StoreUnavailable
from jobsched.store.redis import RedisStore
from tests.integration.store import samples
from tests.integration.store.beds import Server

pytestmark = [pytest.mark.redis, pytest.mark.timeout(60)]


def free_port() -> int:
    """Give a port that nobody uses; servers copy each other over TCP alone."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def pair(redis_program: embedded.ServerBinary) -> Iterator[tuple[Server, Server]]:
    """A primary that takes no writes without its replica, and the replica."""
    port = free_port()
    tcp = ["--port", str(port), "--bind", "127.0.0.1"]
    copies = ["--repl-diskless-sync-delay", "0"]
    primary = Server(redis_program.path, *tcp, *copies, "--min-replicas-to-write", "1")
    try:
        replica = Server(redis_program.path, "--replicaof", f"127.0.0.1 {port}")
        try:
            yield primary, replica
        finally:
            replica.close()
    finally:
        primary.close()


def until_linked(primary: Server) -> None:
    """Wait until the replica follows, and the primary counts on it."""
    deadline = time.monotonic() + 20
    with redis.Redis.from_url(primary.url) as client:
        while client.info("replication").get("min_slaves_good_slaves") != 1:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def until_copied(primary: Server, replica: Server) -> None:
    """Wait until the replica has all that the primary has written."""
    deadline = time.monotonic() + 20
    with redis.Redis.from_url(primary.url) as one, redis.Redis.from_url(replica.url) as other:
        while True:
            wanted = one.info("replication")["master_repl_offset"]
            if other.info("replication")["slave_repl_offset"] >= wanted:
                return
            assert time.monotonic() < deadline
            time.sleep(0.02)


async def until_refused(store: RedisStore) -> None:
    """Write until that is refused."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        await store.check()


async def opened(server: Server, stack: AsyncExitStack) -> RedisStore:
    """Open the store on a server."""
    store = await RedisStore.open(server.url, "d")
    stack.push_async_callback(store.close)
    return store


async def test_what_was_accepted_outlives_the_primary(pair: tuple[Server, Server]) -> None:
    """A primary alone takes nothing and says why; its replica has what was taken before (Q9)."""
    primary, replica = pair
    until_linked(primary)
    async with AsyncExitStack() as stack:
        store = await opened(primary, stack)
        await store.stamp("fingerprint")
        now = await store.check()
        await store.accept(samples.job(1), look_again_at=now)
        until_copied(primary, replica)

        with redis.Redis.from_url(replica.url) as client:
            # the link breaks: to the primary the replica is gone
            client.replicaof("NO", "ONE")
        with pytest.raises(StoreUnavailable, match="too few replicas are connected"):
            await until_refused(store)
        with pytest.raises(StoreUnavailable, match="too few replicas"):
            await store.accept(samples.job(2), look_again_at=now)
        primary.close()

        other = await opened(replica, stack)
        claimed = await other.claim("w", most=10, lease=samples.LEASE)
        assert [job.id for job in claimed.jobs] == [samples.job(1).id]
