"""A worker or a shim dies at the worst moment: started once, no end lost, no false success."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from jobsched.domain.job import Container
from jobsched.errors import RunnerFailed
from jobsched.plugins.process_runner import shim, start
from jobsched.plugins.process_runner.folder import Folder
from tests.integration.process_runner.conftest import Bench, alive, until
from tests.unit.plugins.process_runner.orders import HERE, order, shell

#: Prepares and starts a command as a worker would, says so, and waits to be killed.
WORKER = """
import asyncio, pathlib, sys, time
from jobsched.plugins.process_runner import ProcessRunner
from tests.unit.plugins.lent import LentServices
from tests.unit.plugins.process_runner.orders import HERE, shell

async def main():
    runner = ProcessRunner(LentServices(data_dir=pathlib.Path(sys.argv[1])))
    container = await runner.prepare(HERE, shell(sys.argv[2]))
    await runner.start(HERE, container)
    print("started", flush=True)
    time.sleep(60)

asyncio.run(main())
"""
GRACE = timedelta(seconds=1)
CONTAINER = Container(name="jobsched-1", id="jobsched-1")


def granted(bench: Bench) -> int:
    """The number of the shim that took the start."""
    text = (bench.folder / "jobsched-1/granted.json").read_text()
    return int(json.loads(text)["pid"])


async def test_a_killed_workers_command_goes_on(bench: Bench) -> None:
    """After kill -9 of the worker a new one sees the command run, then its code and output."""
    go = bench.services.data_dir / "go"
    script = f"while [ ! -e {go} ]; do sleep 0.02; done; echo done; exit 42"
    command = [sys.executable, "-c", WORKER, str(bench.services.data_dir), script]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"started\n"
        worker.kill()

    bench.restart()
    before = await bench.inspect(CONTAINER)
    go.touch()
    after = await bench.ended(CONTAINER)

    assert before.phase == "running"
    assert (after.phase, after.code) == ("exited", 42)
    assert await bench.output(CONTAINER) == b"done\n"


async def test_an_end_that_no_worker_saw_is_known(bench: Bench) -> None:
    """A command that ended while no worker lived has left its code."""
    await bench.started(shell("sleep 0.1; exit 5"))
    number = granted(bench)
    await until(lambda: not alive(number))

    bench.restart()

    assert (await bench.inspect(CONTAINER)).code == 5


@pytest.mark.parametrize("ended", [False, True])
async def test_a_second_start_is_refused(bench: Bench, *, ended: bool) -> None:
    """Whether the command still runs or has ended: it ran once, and the refusal had no effect."""
    ran = bench.services.data_dir / "ran"
    container = await bench.started(shell(f"echo x >> {ran}; {'true' if ended else 'sleep 60'}"))
    await until(ran.exists)
    if ended:
        await bench.ended(container)

    for _ in range(3):
        with pytest.raises(RunnerFailed) as caught:
            await bench.runner.start(HERE, container)
        assert (caught.value.reason, caught.value.effect) == ("start_refused", "none")

    await asyncio.sleep(0.2)
    assert ran.read_text() == "x\n"


async def test_racing_starts_run_once(bench: Bench) -> None:
    """Of starts at the same moment one wins."""
    ran = bench.services.data_dir / "ran"
    container = await bench.runner.prepare(HERE, shell(f"echo x >> {ran}"))

    answers = await asyncio.gather(
        *(bench.runner.start(HERE, container) for _ in range(8)), return_exceptions=True
    )
    await bench.ended(container)

    assert answers.count(None) == 1
    assert ran.read_text() == "x\n"


async def test_start_or_withdraw_wins(bench: Bench) -> None:
    """However start and withdraw meet: if withdraw says created, the command never runs."""
    seen = set()
    for number in range(12):
        name = f"jobsched-{number}"
        ran = bench.services.data_dir / f"ran-{number}"
        container = await bench.runner.prepare(HERE, shell(f"touch {ran}", name=name))
        starting = asyncio.ensure_future(bench.runner.start(HERE, container))
        await asyncio.sleep(number * 0.01)
        status = await bench.runner.withdraw(HERE, container)
        (answer,) = await asyncio.gather(starting, return_exceptions=True)
        await bench.ended(container)

        assert (status.phase == "created") == isinstance(answer, RunnerFailed)
        assert ran.exists() == (status.phase != "created")
        seen.add(status.phase == "created")
    assert True in seen


async def test_a_late_start_does_nothing(bench: Bench) -> None:
    """A start that was under way when its container was withdrawn, or removed, runs nothing."""
    ran = bench.services.data_dir / "ran"
    container = await bench.runner.prepare(HERE, shell(f"touch {ran}"))
    await bench.runner.withdraw(HERE, container)

    assert start.run_shim(bench.folder / "jobsched-1") == shim.REFUSED
    await bench.runner.remove(HERE, container)
    assert start.run_shim(bench.folder / "jobsched-1") not in {0, shim.START_FAILED}
    assert not ran.exists()


async def test_a_killed_shims_command_still_runs(bench: Bench) -> None:
    """While the command lives it runs, though nobody waits for it; then its code is lost, not 0."""
    go = bench.services.data_dir / "go"
    container = await bench.started(shell(f"while [ ! -e {go} ]; do sleep 0.02; done"))
    os.kill(granted(bench), signal.SIGKILL)
    await until(lambda: not alive(granted(bench)))

    before = await bench.inspect(container)
    go.touch()
    after = await bench.ended(container)

    assert before.phase == "running"
    assert (after.phase, after.code) == ("exited", None)
    assert after.message


async def test_a_killed_shims_command_can_be_stopped(bench: Bench) -> None:
    """Stop finds the command without its shim."""
    container = await bench.started(shell("echo $$; sleep 60; true"))
    await until(lambda: (bench.folder / "jobsched-1/output").read_bytes().endswith(b"\n"))
    number = int(await bench.output(container))
    os.kill(granted(bench), signal.SIGKILL)

    await bench.runner.stop(HERE, container, GRACE)

    assert not alive(number)
    assert (await bench.inspect(container)).code is None


async def test_a_polite_end_of_all_is_written_down(bench: Bench) -> None:
    """Whoever sends SIGTERM to all processes of a service ends the command; its code is known."""
    container = await bench.started(order("sleep", "60"))
    number = granted(bench)
    started = json.loads((bench.folder / "jobsched-1/started.json").read_text())

    for one in (number, started["pid"]):
        os.kill(one, signal.SIGTERM)

    assert (await bench.ended(container)).code == 143


async def test_a_hanging_shim_is_killed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shim that does not end by itself is killed, so that the machine can be given back."""
    monkeypatch.setattr("jobsched.plugins.process_runner.end.SHIM_SECONDS", 0.2)
    container = await bench.started(order("sleep", "60"))
    number = granted(bench)
    os.kill(number, signal.SIGSTOP)

    await bench.runner.remove(HERE, container)

    assert not alive(number)
    assert not list(bench.folder.iterdir())


async def test_a_start_that_hangs_is_in_doubt(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start over its time limit may have happened, or not."""
    monkeypatch.setattr(start, "START_SECONDS", 0.001)
    container = await bench.runner.prepare(HERE, order("sleep", "60"))

    with pytest.raises(RunnerFailed) as caught:
        await bench.runner.start(HERE, container)

    assert (caught.value.reason, caught.value.effect) == ("start_timeout", "unknown")
    status = await bench.runner.withdraw(HERE, container)
    assert status.phase in {"created", "running"}


async def test_a_grant_without_a_word_is_no_success(bench: Bench) -> None:
    """A shim that died between its grant and the command has left nothing: the code is unknown."""
    container = await bench.runner.prepare(HERE, order("true"))
    folder = Folder(bench.folder / "jobsched-1")
    (folder.path / "spec.json").write_text("broken")

    with pytest.raises(RunnerFailed) as caught:
        await bench.runner.start(HERE, container)

    assert caught.value.effect == "unknown"
    assert (await bench.inspect(container)).code != 0
