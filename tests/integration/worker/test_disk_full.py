"""A Redis whose disk is full: nothing is accepted, and nothing is done that is not written down."""

from __future__ import annotations

import resource
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import Offer
from jobsched.domain.state import State, state_of
from jobsched.errors import StoreUnavailable
from jobsched.worker.dispatch import Pace
from jobsched.worker.working import working
from tests.integration.worker.bench import bench, plugins, until
from tests.services import RedisServer

pytestmark = [pytest.mark.redis, pytest.mark.timeout(90)]

NO_LIMIT = resource.RLIM_INFINITY


def fill(server: RedisServer) -> None:
    """Let the server's files grow no more, and make it find out: to it its disk is full."""
    files = (server.folder / "appendonlydir").iterdir()
    written = max(one.stat().st_size for one in files)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (written + 1, NO_LIMIT))
    with redis.Redis.from_url(server.url) as client:
        deadline = time.monotonic() + 20
        with suppress(redis.ResponseError):
            while time.monotonic() < deadline:
                client.set("full", "x" * 100)
        assert client.info("persistence")["aof_last_write_status"] == "err"


async def test_without_a_record_there_is_no_machine(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """The disk fills before the intent is saved: no request is sent until there is room (R7)."""
    with redis.Redis.from_url(redis_server.url) as client:
        # with `always` Redis ends itself where its disk is full
        client.config_set("appendfsync", "everysec")
    async with bench(redis_server.url, tmp_path) as there:
        api, worker = await there.parts(), await there.parts(works=True)
        provider = worker.registry.provider("fake")
        freeze, filled = provider.freeze, False

        async def last_step(order: MachineOrder, offer: Offer) -> str:
            nonlocal filled
            if not filled:
                fill(redis_server)
            filled = True
            return await freeze(order, offer)

        provider.freeze = last_step  # type: ignore[method-assign]
        job = await there.schedule(api)
        async with working(
            worker, plugins(), Pace(lease=timedelta(seconds=3), renew=timedelta(seconds=1))
        ):
            await until(lambda: there.heard.told("job.left"))
            with pytest.raises(StoreUnavailable, match="cannot save to its disk"):
                await there.schedule(api)
            await there.lasts(1)
            assert there.world.machines == {}

            resource.prlimit(redis_server.pid, resource.RLIMIT_FSIZE, (NO_LIMIT, NO_LIMIT))
            (ended,) = await there.ended(api, job, within=60)
        assert state_of(ended) is State.FINISHED
        assert len(there.world.machines) == 1
