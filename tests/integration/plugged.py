"""A whole deployment with installed plugins: API, worker and Redis, configured as by a user."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from jobsched import bootstrap
from jobsched.hooks.routes import collect_routes
from jobsched.web.serve import serve
from jobsched.worker.dispatch import Pace
from jobsched.worker.working import working

#: Seconds until a job must have ended: machines that run tests are busy.
WITHIN = 40

#: A provider and a runner of an imagined world. What is swapped in works in the same world.
STOCK = """
    import asyncio
    from typing import ClassVar
    from jobsched.services import StoreClock
    from jobsched.testing.fakes import FakeProvider, FakeRunner, FakeWorld

    WORLD = FakeWorld(clock=StoreClock(), boot=0, runs=0.1)
    #: (job, launch) → what its machine posts callbacks with
    TOKENS = {}

    class Cloud(FakeProvider):
        name = "stock"

        async def freeze(self, order, offer):
            TOKENS[order.job, order.launch] = order.callback_token
            return await super().freeze(order, offer)

    class Containers(FakeRunner):
        name = "stock"

    @hookimpl
    def jobsched_providers():
        return [Cloud(WORLD)]

    @hookimpl
    def jobsched_runners():
        return [Containers(WORLD)]
"""


@dataclass(frozen=True, kw_only=True)
class Plugged:
    """A running deployment, as its users see it."""

    url: str
    session: aiohttp.ClientSession
    #: the module of the plugin ``stock``
    stock: Any

    async def post(
        self, path: str, body: Mapping[str, Any], token: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """Give status and body of the answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.post(self.url + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str) -> Any:
        """Give what is there: an object, or bytes."""
        async with self.session.get(self.url + path) as answer:
            assert answer.status == 200, await answer.text()
            is_json = answer.content_type == "application/json"
            return await answer.json() if is_json else await answer.read()

    async def ask(self, **asked: Any) -> tuple[int, dict[str, Any]]:
        """Ask for a job that is due now; give status and body of the answer."""
        usual = {"schedule": datetime.now(UTC).isoformat(), "docker_image": "imagined"}
        return await self.post("/schedule", {**usual, **asked})

    async def schedule(self, **asked: Any) -> str:
        """Schedule a job that is due now; give its id."""
        status, answer = await self.ask(**asked)
        assert status == 200, answer
        return str(answer["id"])

    async def until(self, job: str, *states: str) -> dict[str, Any]:
        """Give the job's document as soon as it is in one of the states."""
        document: dict[str, Any] = {}
        try:
            async with asyncio.timeout(WITHIN):
                while document.get("status") not in states:
                    document = await self.get(f"/status/{job}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(document) from None
        return document

    async def finished(self, **asked: Any) -> dict[str, Any]:
        """Run a job; give its document."""
        job = await self.schedule(**asked)
        document = await self.until(job, "finished", "failed", "cancelled")
        assert document["status"] == "finished", document
        return document

    async def said(self, job: str, launch: int, action: str, **payload: Any) -> int:
        """Post a callback as the launch's machine does; give the status of the answer."""
        machines = (await self.get(f"/status/{job}"))["attempts"][0]["launches"]
        body = {
            "action": action,
            "job_id": job,
            "instance_id": machines[launch - 1]["instance_id"],
            **payload,
        }
        status, _ = await self.post("/callback", body, self.stock.TOKENS[job, launch])
        return status


@asynccontextmanager
async def plugged(
    redis_url: str, folder: Path, stock: str, *more: str, **environ: str
) -> AsyncIterator[Plugged]:
    """Run API and worker with the plugin ``stock``, more plugins, and what the environment says.

    Args:
        redis_url: an empty Redis.
        folder: for what the deployment keeps.
        stock: the module of the installed `STOCK`.
        more: names of other plugins that are loaded.
        environ: variables.
    """
    usual = {
        "JOBSCHED_REDIS_URL": redis_url,
        "JOBSCHED_DATA_DIR": str(folder / "data"),
        "JOBSCHED_DEPLOYMENT": "plugged",
        "JOBSCHED_SECRET": "plugged" * 4,
        "JOBSCHED_CALLBACK_URL": "http://127.0.0.1:1/callback",
        "JOBSCHED_PLUGINS": ",".join(["stock", *more]),
        "JOBSCHED_PROVIDER": "stock",
        "JOBSCHED_RUNNER": "stock",
    }
    config = bootstrap.configure(environ={**usual, **environ})
    await bootstrap.init_store(config)
    async with bootstrap.parts(config, worker="plugged-worker") as (parts, plugins):
        routes, loaded = collect_routes(plugins, parts.services)
        server = await serve(
            replace(parts, worker=""),
            host="127.0.0.1",
            port=0,
            token=None,
            plugin_routes=routes,
            report=loaded.report,
        )
        try:
            async with working(parts, loaded, Pace()), aiohttp.ClientSession() as session:
                yield Plugged(url=server.url, session=session, stock=sys.modules[stock])
        finally:
            await server.close()


__all__ = ["STOCK", "Plugged", "plugged"]
