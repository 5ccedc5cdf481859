"""What a command gets, and how its end is told."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from jobsched.errors import RunnerFailed
from tests.integration.process_runner.conftest import Bench, alive, until
from tests.unit.plugins.process_runner.orders import HERE, order, shell


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -15 $$", 143)]
)
async def test_tells_the_exit_code(bench: Bench, script: str, code: int) -> None:
    """The code is the command's own, or 128 and the signal that ended it."""
    status = await bench.ended(await bench.started(shell(script)))

    assert (status.phase, status.code, status.oom) == ("exited", code, False)
    assert status.started_at is not None
    assert status.finished_at is not None
    assert timedelta(0) <= status.finished_at - status.started_at < timedelta(seconds=5)


async def test_tells_that_it_runs(bench: Bench) -> None:
    """Between start and end it runs, since a time."""
    container = await bench.started(order("sleep", "60"))

    status = await bench.inspect(container)

    assert (status.phase, status.code) == ("running", None)
    assert status.started_at is not None


@pytest.mark.parametrize(
    ("command", "code"),
    [(("no-such-command",), 127), (("/",), 126), (("./missing",), 127), (("\ud800",), 126)],
)
async def test_what_cannot_be_executed_is_start_failed(
    bench: Bench, command: tuple[str, ...], code: int
) -> None:
    """The start is left in doubt, and the inspect that resolves it tells code and reason."""
    container = await bench.runner.prepare(HERE, order(*command))
    with pytest.raises(RunnerFailed) as caught:
        await bench.runner.start(HERE, container)
    status = await bench.inspect(container)

    assert (caught.value.reason, caught.value.effect) == ("start_failed", "unknown")
    assert (status.phase, status.code) == ("start_failed", code)
    assert status.message
    assert not (bench.folder / "jobsched-1/spec.json").exists()


async def test_keeps_both_streams_in_order(bench: Bench) -> None:
    """Output and errors stand in the log as they came, at the same offsets each time."""
    container = await bench.started(shell("echo one; echo two >&2; echo three"))
    await bench.ended(container)

    assert await bench.output(container) == b"one\ntwo\nthree\n"
    assert await bench.output(container, since=4) == b"two\nthree\n"
    assert await bench.output(container, since=100) == b""


async def test_gives_logs_in_small_chunks(bench: Bench) -> None:
    """No chunk is larger than 64 KiB, and each begins where the last one ended."""
    container = await bench.started(shell("head -c 200000 /dev/zero"))
    await bench.ended(container)

    chunks = [chunk async for chunk in bench.runner.logs(HERE, container, since=1)]

    sizes = [len(chunk.data) for chunk in chunks]
    assert sum(sizes) == 199_999
    assert max(sizes) <= 64 * 1024
    assert [chunk.offset for chunk in chunks] == [1 + sum(sizes[:n]) for n in range(len(sizes))]


async def test_follows_to_the_end(bench: Bench) -> None:
    """A reader that follows gets the first output before the end, and all of it by then."""
    go = bench.services.data_dir / "go"
    script = f"echo one; while [ ! -e {go} ]; do sleep 0.02; done; echo two"
    container = await bench.started(shell(script))

    read = b""
    async for chunk in bench.runner.logs(HERE, container, follow=True):
        assert chunk.offset == len(read)
        read += chunk.data
        go.touch()

    assert read == b"one\ntwo\n"


async def test_gives_a_small_environment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command gets its own entries, a scratch directory, and nothing of the worker's."""
    monkeypatch.setenv("WORKER_SECRET", "s3cret")
    container = await bench.started(shell("pwd; env", environment=("MINE=a=b c", "HOME=/mine")))
    await bench.ended(container)

    where, *entries = (await bench.output(container)).decode().splitlines()
    environment = dict(entry.split("=", 1) for entry in entries)
    assert where == str(bench.folder / "jobsched-1/work")
    assert environment["MINE"] == "a=b c"
    assert environment["HOME"] == "/mine"
    assert environment["TMPDIR"] == where
    assert set(environment) <= {
        "PATH",
        "LANG",
        "HOME",
        "TMPDIR",
        "JOBSCHED_INTERRUPTION_FILE",
        "MINE",
        "PWD",
        "SHLVL",
        "_",
        "OLDPWD",
    }


async def test_the_parent_shows_nothing_of_the_worker(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that reads its parent's environment finds no credential of the worker there."""
    monkeypatch.setenv("WORKER_SECRET", "s3cret")
    container = await bench.started(shell("cat /proc/$PPID/environ"))
    assert (await bench.ended(container)).code == 0

    assert b"s3cret" not in await bench.output(container)


async def test_default_signals_reach_the_command(bench: Bench) -> None:
    """What shim and worker do with signals is not inherited."""
    container = await bench.started(shell("grep SigIgn /proc/self/status"))
    await bench.ended(container)

    ignored = int((await bench.output(container)).split()[1], 16)
    assert ignored & 0b100_0000_0000_0011 == 0  # SIGHUP, SIGINT, SIGTERM


async def test_no_secret_stays_on_the_disk(bench: Bench) -> None:
    """Once the command runs, no file of the container holds its environment."""
    container = await bench.started(order("sleep", "60", environment=("KEY=s3cret",)))

    files = [path for path in bench.folder.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"s3cret" in path.read_bytes()]
    assert (await bench.inspect(container)).phase == "running"


async def test_two_containers_do_not_meet(bench: Bench) -> None:
    """Each has its own directory, code and output."""
    first = await bench.started(shell("echo 1; exit 1", name="jobsched-1"))
    second = await bench.started(shell("echo 2; exit 2", name="jobsched-2"))

    assert [(await bench.ended(one)).code for one in (first, second)] == [1, 2]
    assert [await bench.output(one) for one in (first, second)] == [b"1\n", b"2\n"]


async def test_leaves_nothing_behind(bench: Bench) -> None:
    """After remove neither files nor processes are left, though the command still ran."""
    container = await bench.started(shell("sleep 60 & echo $!; wait"))
    await until(lambda: (bench.folder / "jobsched-1/output").read_bytes().endswith(b"\n"))
    number = int(await bench.output(container))

    await bench.runner.remove(HERE, container)
    await bench.runner.remove(HERE, container)

    assert not list(bench.folder.iterdir())
    assert not alive(number)
    assert (await bench.inspect(container)).phase == "gone"


async def test_the_end_of_the_command_ends_what_it_left(bench: Bench) -> None:
    """As in a container, nothing goes on when the main process has ended."""
    container = await bench.started(shell("sleep 60 & echo $!"))
    status = await bench.ended(container)

    assert status.code == 0
    await until(lambda: not alive(int((bench.folder / "jobsched-1/output").read_bytes())))


async def test_names_ended_containers(bench: Bench) -> None:
    """A watch names who has ended already, then who ends; none of other deployments."""
    foreign = await bench.runner.prepare(
        HERE, replace(shell("true", name="0-foreign"), deployment="another")
    )
    await bench.runner.start(HERE, foreign)
    first = await bench.started(shell("true", name="a-first"))
    broken = await bench.runner.prepare(HERE, order("no-such-command", name="b-broken"))
    with pytest.raises(RunnerFailed):
        await bench.runner.start(HERE, broken)
    running = await bench.started(shell("read line < fifo || sleep 0.3", name="c-running"))
    await bench.ended(first)
    await bench.ended(foreign)

    assert HERE.access is not None
    watch = bench.runner.watch(HERE.access)
    names = [await anext(watch) for _ in range(3)]

    assert names == ["a-first", "b-broken", "c-running"]
    assert (await bench.inspect(running)).phase == "exited"


async def test_a_watch_names_each_end_once(bench: Bench) -> None:
    """An open stream does not repeat itself, so a hint is worth an inspect."""
    await bench.ended(await bench.started(shell("true")))
    assert HERE.access is not None
    watch = bench.runner.watch(HERE.access)

    assert await anext(watch) == "jobsched-1"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(watch), 1.2)
