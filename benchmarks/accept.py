"""``POST /schedule``: how many a second, and what each costs beside a bare aiohttp handler.

The API is the real application in a process of its own, over loopback with keep-alive. The client
is bare sockets, so that it costs less than what it measures. The CPU is that of server and Redis.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

from aiohttp import web

from benchmarks import bed
from benchmarks.noop import NoopProvider, NoopRunner
from benchmarks.report import Figure, arguments, repeat
from benchmarks.server import Server, server
from jobsched.web.serve import serve

WARM = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one load of requests took."""

    requests: int
    seconds: float
    #: of the server's process and of Redis, in seconds
    server_cpu: float
    redis_cpu: float

    @property
    def cpu_each(self) -> float:
        """Microseconds of CPU a request."""
        return (self.server_cpu + self.redis_cpu) / self.requests * 1e6


def _nothing(call: str, job: str) -> None:
    del call, job


async def real(url: str, told: Connection) -> None:
    """Serve the real API until the process is ended."""
    provider, runner = NoopProvider(_nothing), NoopRunner(_nothing)
    async with bed.parts(url, provider, runner, worker="") as parts:
        served = await serve(parts, host="127.0.0.1", port=0, token=None)
        told.send(served.port)
        await asyncio.Event().wait()


async def bare(url: str, told: Connection) -> None:
    """Serve a handler that reads JSON and answers JSON, until the process is ended."""
    del url

    async def schedule(request: web.Request) -> web.Response:
        asked = await request.json()
        return web.json_response({"status": "scheduled", "id": asked["docker_image"]})

    app = web.Application()
    app.router.add_post("/schedule", schedule)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    told.send(runner.addresses[0][1])
    await asyncio.Event().wait()


def run(
    serving: Callable[[str, Connection], Coroutine[Any, Any, None]], url: str, told: Connection
) -> None:
    """Be the server's process."""
    asyncio.run(serving(url, told))


def load(
    options: argparse.Namespace,
    at: Server,
    serving: Callable[[str, Connection], Coroutine[Any, Any, None]],
) -> Load:
    """Start a server, send it requests over some connections, and end it."""
    spawned = multiprocessing.get_context("spawn")
    ours, theirs = spawned.Pipe()
    process = spawned.Process(target=run, args=(serving, at.url, theirs), daemon=True)
    process.start()
    try:
        port: int = ours.recv()
        asyncio.run(_send(port, WARM, options.connections))
        assert process.pid  # noqa: S101 - it is running
        cpu, redis = bed.process_cpu(process.pid), at.usage().cpu
        begin = time.perf_counter()
        asyncio.run(_send(port, options.requests, options.connections))
        seconds = time.perf_counter() - begin
        return Load(
            requests=options.requests,
            seconds=seconds,
            server_cpu=bed.process_cpu(process.pid) - cpu,
            redis_cpu=at.usage().cpu - redis,
        )
    finally:
        process.terminate()
        process.join()


async def _send(port: int, requests: int, connections: int) -> None:
    each = requests // connections
    await asyncio.gather(*(_one_connection(port, each) for _ in range(connections)))


async def _one_connection(port: int, requests: int) -> None:
    request = _request(port)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(requests):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


def _request(port: int) -> bytes:
    body = json.dumps(
        {
            "schedule": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
            "docker_image": "example/image:1",
            "cmd": "python -m work --fast",
            "env": ["ONE=1", "TWO=2"],
        }
    ).encode()
    head = (
        f"POST /schedule HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def main() -> None:
    """Measure."""
    options = arguments(
        __doc__, requests=(6000, "requests"), connections=(32, "connections at one time")
    )

    def measure() -> list[Figure]:
        with server(options.fsync) as one:
            ours = load(options, one, real)
            floor = load(options, one, bare)
        return [
            Figure(name="accepted", value=ours.requests / ours.seconds, unit="/s"),
            Figure(name="  CPU each, server and Redis", value=ours.cpu_each, unit="µs"),
            Figure(name="  of it Redis", value=ours.redis_cpu / ours.requests * 1e6, unit="µs"),
            Figure(name="bare handler", value=floor.requests / floor.seconds, unit="/s"),
            Figure(name="  CPU each", value=floor.server_cpu / floor.requests * 1e6, unit="µs"),
            Figure(
                name="CPU, as a multiple of the bare handler",
                value=ours.cpu_each / (floor.server_cpu / floor.requests * 1e6),
                unit="",
            ),
        ]

    repeat(options, f"accept over {options.connections} connections", measure)


if __name__ == "__main__":
    main()
