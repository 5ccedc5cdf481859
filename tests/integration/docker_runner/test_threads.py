"""What hangs must not hold up what does not."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta

import pytest

from jobsched.contracts.runner import MachineWarning
from jobsched.errors import RunnerFailed
from tests.integration.docker_runner.bench import Bench, make_runner

pytestmark = pytest.mark.docker


async def test_hanging_pulls_do_not_hold_a_start(bench: Bench) -> None:
    """All threads for pulls wait for a dead registry, and a start does not."""
    bench.runner = make_runner(bench.services, threads=2, pull_threads=8)
    container = await bench.prepared(bench.order("true"))
    with socket.create_server(("127.0.0.1", 0), backlog=100) as registry:
        image = f"127.0.0.1:{registry.getsockname()[1]}/x"
        orders = [bench.order("true", image=image, number=number) for number in range(10, 22)]
        pulls = [asyncio.ensure_future(bench.prepared(order)) for order in orders]
        await asyncio.sleep(0.5)
        assert not any(pull.done() for pull in pulls)

        await bench.runner.start(bench.machine, container)
        again = await bench.prepared(bench.order("true", number=2))
        assert (await bench.inspect(again)).phase == "created"
        for pull in pulls:
            pull.cancel()
        await asyncio.gather(*pulls, return_exceptions=True)


async def test_long_stops_do_not_hold_up_another(bench: Bench) -> None:
    """A pool of machines is taken back at once: each container hears of it, whoever takes long."""
    bench.runner = make_runner(bench.services, stop_threads=1)
    stubborn = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    polite = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"
    scripts = [stubborn, stubborn, stubborn, polite]
    containers = []
    for number, script in enumerate(scripts):
        containers.append(await bench.started(bench.shell(script, number=number + 1)))
        async for _ in bench.runner.logs(bench.machine, containers[-1], follow=True):
            break
    grace = timedelta(minutes=2)
    *long, last = (
        asyncio.ensure_future(bench.runner.stop(bench.machine, one, grace)) for one in containers
    )
    try:
        await last
        assert not any(stop.done() for stop in long)
        assert (await bench.inspect(containers[-1])).code == 7
    finally:
        for stop in long:
            stop.cancel()
        await asyncio.gather(*long, return_exceptions=True)


async def test_warnings_that_hang_do_not_hold_up_a_stop(bench: Bench) -> None:
    """A machine that does not answer takes its own time, and no other container's."""
    bench.runner = make_runner(bench.services, stop_threads=1, request_timeout=60)
    container = await bench.started(bench.order("sleep", "60"))
    warning = MachineWarning(kind="rebalance", noticed_at=datetime(2030, 1, 1, tzinfo=UTC))
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        gone = bench.elsewhere(docker_url=f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        hanging = [
            asyncio.ensure_future(bench.runner.warn(gone, container, warning)) for _ in range(3)
        ]
        await bench.runner.stop(bench.machine, container, timedelta(0))
        assert not any(one.done() for one in hanging)
        assert (await bench.inspect(container)).phase == "exited"
        for one in hanging:
            one.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_a_cancelled_pull_frees_its_thread(bench: Bench) -> None:
    """Pulls that were given up leave room for the next one, which fails by itself."""
    bench.runner = make_runner(bench.services, pull_threads=1)
    with socket.create_server(("127.0.0.1", 0), backlog=100) as registry:
        image = f"127.0.0.1:{registry.getsockname()[1]}/x"
        for number in range(3):
            order = bench.order("true", image=image, number=number)
            pull = asyncio.ensure_future(bench.prepared(order))
            await asyncio.sleep(0.3)
            pull.cancel()
            with pytest.raises(asyncio.CancelledError):
                await pull
        with pytest.raises(RunnerFailed, match="refused"):
            await bench.prepared(bench.order("true", image="127.0.0.1:1/x", number=99))


async def test_a_silent_registry_is_asked_again_later(bench: Bench) -> None:
    """A pull that makes no progress for too long is given up by itself."""
    bench.runner = make_runner(bench.services, pull_silence=0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=100) as registry:
        image = f"127.0.0.1:{registry.getsockname()[1]}/x"
        with pytest.raises(RunnerFailed) as failed:
            await bench.prepared(bench.order("true", image=image))
    assert (failed.value.reason, failed.value.then) == ("pull_failed", "later")
