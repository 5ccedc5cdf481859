"""How containers end, on a real engine."""

import time
from datetime import timedelta

import pytest

from tests.integration.docker_runner.bench import Bench, make_runner

pytestmark = pytest.mark.docker
TRAP = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done"


@pytest.mark.parametrize(("script", "code"), [("true", 0), ("exit 3", 3), ("kill -9 $$", 137)])
async def test_an_exit_code_is_kept(bench: Bench, script: str, code: int) -> None:
    """What the command ended with is what an inspect says, also after the end."""
    # The shell must not be the first process, which the kernel protects from its own signals.
    container = await bench.started(bench.shell(f"sh -c '{script}'; exit $?"))
    status = await bench.ended(container)
    assert (status.phase, status.code, status.oom) == ("exited", code, False)


async def test_too_much_memory_is_told_apart_from_a_kill(bench: Bench) -> None:
    """A container over its limit ends with 137; the engine misses the cause of some, and says so.

    One in ten or twenty, on a busy machine (docs/explanation/decisions.md); never five in a row.
    """
    for _ in range(5):
        order = bench.shell("exec tail /dev/zero", resources={"memory_mib": 16})
        status = await bench.ended(await bench.started(order))
        assert (status.phase, status.code) == ("exited", 137)
        assert status.oom or "may have wanted more memory" in status.message
        if status.oom:
            return
    pytest.fail("the cause of five ends was not told")


async def test_a_container_may_end_itself_within_its_grace(bench: Bench) -> None:
    """A stop is heard as SIGTERM, and waits for the end."""
    container = await bench.started(bench.shell(TRAP))
    async for _ in bench.runner.logs(bench.machine, container, follow=True):
        break
    await bench.runner.stop(bench.machine, container, timedelta(seconds=5))

    status = await bench.inspect(container)
    assert (status.phase, status.code) == ("exited", 7)
    assert await bench.output(container) == b"ready\nbye\n"


async def test_a_container_that_does_not_listen_is_killed(bench: Bench) -> None:
    """After the grace (longer than a request may last here) it is ended whatever it does."""
    deaf = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    container = await bench.started(bench.shell(deaf))
    async for _ in bench.runner.logs(bench.machine, container, follow=True):
        break
    began = time.monotonic()
    impatient = make_runner(bench.services, request_timeout=2)
    await impatient.stop(bench.machine, container, timedelta(seconds=3))

    assert time.monotonic() - began >= 2.9
    status = await bench.inspect(container)
    assert (status.phase, status.code) == ("exited", 137)


async def test_a_stop_can_be_repeated(bench: Bench) -> None:
    """A container that has ended, was never started or is gone is as good as stopped."""
    container = await bench.prepared(bench.order("true"))
    await bench.runner.stop(bench.machine, container, timedelta(0))
    await bench.runner.start(bench.machine, container)
    await bench.ended(container)
    await bench.runner.stop(bench.machine, container, timedelta(0))
    await bench.runner.remove(bench.machine, container)
    await bench.runner.stop(bench.machine, container, timedelta(0))


@pytest.mark.parametrize("withdrawn", ["as it is", "withdrawn"])
async def test_a_removal_leaves_nothing(bench: Bench, withdrawn: str) -> None:
    """Running, and under either name, it goes, and a second removal finds the work done."""
    container = await bench.started(bench.order("sleep", "60"))
    if withdrawn == "withdrawn":
        await bench.runner.withdraw(bench.machine, container)
    await bench.runner.remove(bench.machine, container)

    assert (await bench.inspect(container)).phase == "gone"
    assert bench.engine.containers(all=True, filters={"name": bench.job}) == []
    await bench.runner.remove(bench.machine, container)
