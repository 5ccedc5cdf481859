"""How a running command is ended."""

import sys
import time
from datetime import timedelta

from tests.integration.process_runner.conftest import Bench, alive, until
from tests.unit.plugins.process_runner.orders import HERE, order, shell

GRACE = timedelta(seconds=5)


async def test_stop_asks_first(bench: Bench) -> None:
    """A command that ends on SIGTERM ends with its own code, well before the grace is over."""
    container = await bench.started(shell("trap 'echo bye; exit 7' TERM; echo up; sleep 60 & wait"))
    await until((bench.folder / "jobsched-1/output").read_bytes)
    begun = time.monotonic()

    await bench.runner.stop(HERE, container, GRACE)

    status = await bench.inspect(container)
    assert (status.phase, status.code) == ("exited", 7)
    assert await bench.output(container) == b"up\nbye\n"
    assert time.monotonic() - begun < 4


async def test_stop_kills_after_the_grace(bench: Bench) -> None:
    """A command that ignores SIGTERM is killed, and not before the grace is over."""
    container = await bench.started(shell("trap '' TERM; echo up; while :; do sleep 0.05; done"))
    await until((bench.folder / "jobsched-1/output").read_bytes)
    begun = time.monotonic()

    await bench.runner.stop(HERE, container, timedelta(seconds=0.5))

    assert time.monotonic() - begun >= 0.5
    status = await bench.inspect(container)
    assert (status.phase, status.code) == ("exited", 137)


async def test_stop_ends_grandchildren(bench: Bench) -> None:
    """All that the command started goes with it, a group of its own that ignores SIGTERM too."""
    # One ignores SIGTERM and leaves the group, one is a grandchild.
    apart = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "os.setpgid(0, 0); print(os.getpid(), flush=True); time.sleep(60)"
    )
    script = f"{sys.executable} -c '{apart}' & (sleep 61 & echo $!; wait) & echo $!; wait"
    container = await bench.started(shell(script))
    output = bench.folder / "jobsched-1/output"
    await until(lambda: output.read_bytes().count(b"\n") == 3)
    numbers = [int(line) for line in output.read_bytes().split()]
    assert all(alive(number) for number in numbers)

    await bench.runner.stop(HERE, container, timedelta(seconds=0.2))
    await bench.runner.remove(HERE, container)

    assert not [number for number in numbers if alive(number)]


async def test_what_outlives_its_command_goes_with_its_container(bench: Bench) -> None:
    """A command has ended, and a child of it goes on: giving back ends that too (X4)."""
    # a group of its own, so that the end of the command's group is not its end
    apart = "import os, time; os.setpgid(0, 0); print(os.getpid(), flush=True); time.sleep(60)"
    output = bench.folder / "jobsched-1/output"
    told = "until [ -s ../output ]; do sleep 0.05; done"
    container = await bench.started(shell(f"{sys.executable} -c '{apart}' & {told}"))
    assert (await bench.ended(container)).code == 0
    child = int(output.read_bytes())
    assert alive(child)

    await bench.runner.remove(HERE, container)

    assert not alive(child)


async def test_stop_may_be_repeated(bench: Bench) -> None:
    """A container that has ended is success, and keeps its code."""
    container = await bench.started(order("sleep", "60"))
    await bench.runner.stop(HERE, container, GRACE)
    await bench.runner.stop(HERE, container, GRACE)

    assert (await bench.inspect(container)).code == 143


async def test_cleaning_up_is_not_disturbed(bench: Bench) -> None:
    """SIGTERM comes once: what the command runs to clean up within its grace is left alone."""
    script = "trap 'sleep 0.4 && echo clean; exit 0' TERM; echo up; sleep 60 & wait"
    container = await bench.started(shell(script))
    await until((bench.folder / "jobsched-1/output").read_bytes)

    await bench.runner.stop(HERE, container, GRACE)

    assert await bench.output(container) == b"up\nclean\n"
    assert (await bench.inspect(container)).code == 0


async def test_a_removed_container_cannot_come_back(bench: Bench) -> None:
    """A shim whose container is removed writes nothing into a new one of that name."""
    container = await bench.started(order("sleep", "60"))
    await bench.runner.remove(HERE, container)
    await bench.runner.prepare(HERE, order("true"))

    assert (await bench.inspect(container)).phase == "created"
