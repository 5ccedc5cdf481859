"""Logs of a real engine."""

import asyncio
import resource
from pathlib import Path

import pytest

from jobsched.domain.job import Container
from jobsched.errors import RunnerFailed
from tests.integration.docker_runner.bench import Bench, make_runner

pytestmark = pytest.mark.docker
#: 300 kB with neither newline nor text at the end.
MUCH = "seq 1 9000; printf '\\0\\377'; head -c 256000 /dev/zero"
WHOLE = b"".join(b"%d\n" % number for number in range(1, 9001)) + b"\0\xff" + bytes(256000)


async def test_a_long_output_is_read_whole_and_from_any_byte_on(bench: Bench) -> None:
    """Chunks are small, without gaps, and the same bytes have the same offsets again."""
    container = await bench.started(bench.shell(MUCH))
    await bench.ended(container)
    for since in (0, 1, 65_536, 123_457, len(WHOLE) - 1, len(WHOLE), len(WHOLE) + 9):
        position = min(since, len(WHOLE))
        async for chunk in bench.runner.logs(bench.machine, container, since=since):
            assert chunk.offset == position
            assert len(chunk.data) <= 65_536
            assert chunk.data == WHOLE[position : position + len(chunk.data)]
            position += len(chunk.data)
        assert position == len(WHOLE)


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
async def test_a_line_that_does_not_end_takes_no_memory(bench: Bench) -> None:
    """Sixty megabytes without an end of line are read piece by piece (G1)."""
    container = await bench.started(bench.shell("head -c 60000000 /dev/zero | tr '\\0' x"))
    before = most = _resident()
    size = 0
    await bench.ended(container)
    async for chunk in bench.runner.logs(bench.machine, container):
        size += len(chunk.data)
        most = max(most, _resident())
    assert size == 60_000_000
    assert most - before < 30_000_000


def _resident() -> int:
    """Give the bytes of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def test_both_streams_are_read(bench: Bench) -> None:
    """Errors are output too, in their place."""
    script = "echo out; sleep 0.2; echo err >&2; sleep 0.2; echo out"
    container = await bench.started(bench.shell(script))
    await bench.ended(container)
    assert await bench.output(container) == b"out\nerr\nout\n"


async def test_a_followed_output_comes_as_it_is_written(bench: Bench) -> None:
    """The first line is there before the second is written, and the end ends the iteration."""
    container = await bench.started(bench.shell("echo one; sleep 1; echo two"))
    chunks = bench.runner.logs(bench.machine, container, follow=True)
    assert (await anext(chunks)).data == b"one\n"
    assert (await bench.inspect(container)).phase == "running"
    assert [(chunk.offset, chunk.data) async for chunk in chunks] == [(4, b"two\n")]


async def test_a_reader_that_leaves_frees_its_thread(bench: Bench) -> None:
    """A silent container's log is let go at once: more readers than threads came and went."""
    container = await bench.started(bench.shell("echo one; sleep 60"))
    runner = make_runner(bench.services, follow_threads=1)
    for _ in range(3):
        chunks = runner.logs(bench.machine, container, follow=True)
        assert (await anext(chunks)).data == b"one\n"
        await chunks.aclose()  # type: ignore[attr-defined]  # an async generator


async def test_a_reader_that_is_cancelled_frees_its_thread(bench: Bench) -> None:
    """Cancelling is leaving."""
    container = await bench.started(bench.shell("echo one; sleep 60"))
    bench.runner = make_runner(bench.services, follow_threads=1)
    for seconds in (0.0, 0.01, 0.2):
        reading = asyncio.ensure_future(bench.output(container, follow=True))
        await asyncio.sleep(seconds)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    chunks = bench.runner.logs(bench.machine, container, follow=True)
    assert (await anext(chunks)).data == b"one\n"
    await chunks.aclose()  # type: ignore[attr-defined]  # an async generator


async def test_the_output_of_a_container_that_is_gone_is_no_empty_output(bench: Bench) -> None:
    """Nothing must not pass for the whole."""
    with pytest.raises(RunnerFailed) as failed:
        await bench.output(Container(name="jobsched-none"))
    assert failed.value.reason == "container_gone"


async def test_watching_names_what_has_ended_and_what_ends(bench: Bench) -> None:
    """A new stream starts with the containers that ended before it was there."""
    before = await bench.started(bench.order("true"))
    await bench.ended(before)
    waiting = await bench.prepared(bench.order("true", number=2))
    running = await bench.started(bench.order("sleep", "60", number=3))
    assert bench.machine.access is not None
    names = bench.runner.watch(bench.machine.access)
    assert await anext(names) == before.name

    await bench.runner.start(bench.machine, waiting)
    assert await anext(names) == waiting.name
    # Its name is the one that the core knows, whatever it is called by now.
    bench.engine.rename(running.id, f"{running.name}-withdrawn")
    bench.engine.kill(running.id)
    assert await anext(names) == running.name
    await names.aclose()  # type: ignore[attr-defined]  # an async generator


async def test_watching_hears_nothing_of_other_deployments(bench: Bench) -> None:
    """Two deployments on one engine do not disturb each other."""
    other = bench.order("true", number=2, deployment="another-test")
    stranger = await bench.started(other)
    try:
        ours = await bench.started(bench.order("true"))
        assert bench.machine.access is not None
        names = bench.runner.watch(bench.machine.access)
        assert await anext(names) == ours.name
        await names.aclose()  # type: ignore[attr-defined]  # an async generator
    finally:
        bench.engine.remove_container(stranger.id, force=True)


async def test_a_watch_that_is_closed_frees_its_thread(bench: Bench) -> None:
    """More watches than threads came and went, and the last one still hears."""
    container = await bench.started(bench.order("true"))
    assert bench.machine.access is not None
    runner = make_runner(bench.services, watch_threads=1)
    for _ in range(3):
        names = runner.watch(bench.machine.access)
        assert await anext(names) == container.name
        await names.aclose()  # type: ignore[attr-defined]  # an async generator
