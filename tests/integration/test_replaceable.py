"""Each part of the flow is replaced by the configuration alone, and jobs go through the new one."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from jobsched.errors import PluginError
from tests.distributions import Distributions
from tests.integration.plugged import STOCK, WITHIN, Plugged, plugged

pytestmark = [pytest.mark.redis, pytest.mark.timeout(60)]

#: One plugin with one of each; STOCK is the module of the other.
ACME = """
    from datetime import timedelta
    from jobsched.contracts.log_store import LogPart, LogStore
    from jobsched.contracts.planner import Planner
    from jobsched.domain.job import Plan
    from jobsched.testing.fakes import FakeProvider, FakeRunner
    import STOCK as stock

    class Cloud(FakeProvider):
        name, status_section = "acme", "acme_cloud"
        asked = []

        async def freeze(self, order, offer):
            self.asked.append(order.job)
            return await super().freeze(order, offer)

        def status(self, instance):
            return {"instance_id": f"acme's {instance.id}" if instance else None}

    class FarAway(Cloud):
        name, access = "far_away", frozenset({"pigeon"})

    class Containers(FakeRunner):
        name, status_section = "acme", "acme_containers"
        started = []

        async def start(self, instance, container):
            self.started.append(container.name)
            await super().start(instance, container)

    class Unhurried(Planner):
        name = "acme"

        def plan(self, job, history, now):
            at = now + timedelta(seconds=0.5)
            return Plan(provision_at=at, start_at=at, why="acme is in no hurry")

    class Shelf(LogStore):
        name = "acme"
        kept = {}

        async def write(self, job, attempt, offset, chunk):
            self.kept[job, attempt, offset] = chunk.upper()

        async def read(self, job, attempt, after=0):
            mine = [key for key in sorted(self.kept) if key[:2] == (job, attempt)]
            return [LogPart(offset=key[2], data=self.kept[key]) for key in mine]

        async def delete(self, job): ...

    @hookimpl
    def jobsched_providers():
        return [Cloud(stock.WORLD), FarAway(stock.WORLD)]

    @hookimpl
    def jobsched_runners():
        return [Containers(stock.WORLD)]

    @hookimpl
    def jobsched_planners():
        return [Unhurried()]

    @hookimpl
    def jobsched_log_stores():
        return [Shelf()]
"""
#: Its own words of the core's names.
BADGE = """
    from marshmallow import Schema, fields, validate
    from jobsched.contracts.callback import CallbackAction
    from jobsched.domain import facts

    class Badge(Schema):
        badge = fields.String(required=True, validate=validate.Equal("blue"))

    class Admission(CallbackAction):
        name, payload_schema = "update", Badge

        def to_fact(self, job, launch, instance_id, payload, now):
            return facts.Ready(
                at=now, attempt=job.attempt.no, launch=launch, instance_id=instance_id
            )

    class Because(Schema):
        because = fields.String(required=True)

    class Resignation(CallbackAction):
        name, payload_schema = "terminate", Because

        def to_fact(self, job, launch, instance_id, payload, now):
            return facts.BootFailed(
                at=now, attempt=job.attempt.no, launch=launch, message=payload["because"]
            )

    @hookimpl
    def jobsched_callback_actions():
        return [Admission(), Resignation()]
"""


class Start(Protocol):
    """Runs a deployment with the plugin ``stock``, those that are named, and these variables."""

    def __call__(self, *more: str, **environ: str) -> AbstractAsyncContextManager[Plugged]:
        """Run it."""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The modules of the installed plugins, in a folder without jobsched.toml."""
    monkeypatch.chdir(tmp_path)
    made = Distributions(tmp_path, monkeypatch)
    stock = made.install("stock", STOCK)
    acme = made.install("acme", ACME.replace("STOCK", stock))
    return {"stock": stock, "acme": acme, "badge": made.install("badge", BADGE)}


@pytest.fixture
def start(redis_url: str, tmp_path: Path, installed: dict[str, str]) -> Start:
    """Run a deployment; nothing but ``stock`` is chosen unless the test says so."""
    return partial(plugged, redis_url, tmp_path, installed["stock"])


def acme_of(installed: dict[str, str]) -> Any:
    """Give the loaded module of ``acme``."""
    return sys.modules[installed["acme"]]


async def test_nothing_is_replaced_by_being_loaded(start: Start, installed: dict[str, str]) -> None:
    """A plugin that is named but not chosen takes part in no job."""
    async with start("acme") as deployment:
        document = await deployment.finished()
        parts = [document[kind] for kind in ("provider", "runner", "planner")]
        assert parts == ["stock", "stock", "on_time"]
        assert await deployment.get(f"/logs/{document['id']}") == b"hello\n"
        acme = acme_of(installed)
        assert (acme.Cloud.asked, acme.Containers.started, acme.Shelf.kept) == ([], [], {})
        told = {one["name"]: one for one in (await deployment.get("/plugins"))["plugins"]}
        assert told["acme"]["status"] == "loaded"
        assert told["acme"]["brings"] == {
            "providers": ["acme", "far_away"],
            "runners": ["acme"],
            "planners": ["acme"],
            "log_stores": ["acme"],
        }


async def test_the_planner_is_replaced(start: Start) -> None:
    """JOBSCHED_PLANNER: the other planner says when the machine is asked for, and why."""
    async with start("acme", JOBSCHED_PLANNER="acme") as deployment:
        document = await deployment.finished()
        (attempt,) = document["attempts"]
        assert (document["planner"], attempt["plan"]["why"]) == ("acme", "acme is in no hurry")
        (launch,) = attempt["launches"]
        assert launch["begun_at"] >= attempt["plan"]["provision_at"] > document["accepted_at"]


async def test_the_provider_is_replaced(start: Start, installed: dict[str, str]) -> None:
    """JOBSCHED_PROVIDER: the machine is the other provider's, whose section is in the status."""
    async with start("acme", JOBSCHED_PROVIDER="acme") as deployment:
        document = await deployment.finished()
        assert document["provider"] == "acme"
        assert document["acme_cloud"]["instance_id"] == "acme's m-1"
        assert "fake" not in document
        assert acme_of(installed).Cloud.asked == [document["id"]]
        assert deployment.stock.TOKENS == {}
        assert deployment.stock.WORLD.alive() == []


async def test_the_runner_is_replaced(start: Start, installed: dict[str, str]) -> None:
    """JOBSCHED_RUNNER: the other runner starts the container, and its section is in the status."""
    async with start("acme", JOBSCHED_RUNNER="acme") as deployment:
        document = await deployment.finished()
        name = f"jobsched-{document['id']}-1-1"
        assert (document["runner"], document["provider"]) == ("acme", "stock")
        assert document["acme_containers"]["container_id"].endswith("/1")
        assert acme_of(installed).Containers.started == [name]


async def test_the_log_store_is_replaced(start: Start) -> None:
    """JOBSCHED_LOG_STORE: what the container wrote goes into the other store, and comes from it."""
    async with start("acme", JOBSCHED_LOG_STORE="acme") as deployment:
        document = await deployment.finished()
        assert await deployment.get(f"/logs/{document['id']}") == b"HELLO\n"


async def test_all_are_replaced_by_a_file(
    start: Start, installed: dict[str, str], tmp_path: Path
) -> None:
    """The same names in jobsched.toml replace all four at once."""
    file = tmp_path / "acme.toml"
    chosen = ("provider", "runner", "planner", "log_store")
    file.write_text("[jobsched]\n" + "".join(f'{key} = "acme"\n' for key in chosen))
    unset = {"JOBSCHED_PROVIDER": "", "JOBSCHED_RUNNER": ""}
    async with start("acme", JOBSCHED_CONFIG=str(file), **unset) as deployment:
        document = await deployment.finished()
        parts = [document[kind] for kind in ("provider", "runner", "planner")]
        assert parts == ["acme", "acme", "acme"]
        assert await deployment.get(f"/logs/{document['id']}") == b"HELLO\n"
        assert acme_of(installed).Cloud.asked == [document["id"]]


async def test_a_job_chooses_for_itself(start: Start, installed: dict[str, str]) -> None:
    """provider, runner and planner in the body replace those of the configuration for one job."""
    async with start("acme") as deployment:
        mine = await deployment.finished(provider="acme", runner="acme", planner="acme")
        others = await deployment.finished()
        parts = [mine[kind] for kind in ("provider", "runner", "planner")]
        assert parts == ["acme", "acme", "acme"]
        assert acme_of(installed).Cloud.asked == [mine["id"]]
        assert acme_of(installed).Containers.started == [f"jobsched-{mine['id']}-1-1"]
        assert others["provider"] == "stock"


async def test_what_does_not_go_together_is_refused_at_the_door(start: Start) -> None:
    """A runner that cannot reach the machines, or a name that nobody brings, is told as a 422."""
    async with start("acme") as deployment:
        status, far = await deployment.ask(provider="far_away")
        sentence = (
            "the runner stock cannot reach machines of far_away: it uses fake, they offer pigeon; "
            "name another runner or provider"
        )
        assert (status, far["errors"]) == (422, {"runner": [sentence]})
        status, unknown = await deployment.ask(planner="nobody")
        assert (status, unknown["errors"]) == (
            422,
            {"planner": ["there is no planner 'nobody'; loaded: acme, on_time"]},
        )
        assert (await deployment.get("/list"))["jobs"] == []


async def test_update_is_replaced(start: Start, tmp_path: Path) -> None:
    """[callbacks] update: a machine is ready when the other plugin says so, by its own payload."""
    file = tmp_path / "badge.toml"
    file.write_text('[callbacks]\nupdate = "badge"\nterminate = "jobsched"\n')
    async with start("badge", JOBSCHED_CONFIG=str(file)) as deployment:
        deployment.stock.WORLD.says_ready = True
        job = await deployment.schedule()
        await deployment.until(job, "booting")
        # what the core's own would take
        assert await deployment.said(job, 1, "update", certificate="") == 422
        assert await deployment.said(job, 1, "update", badge="red") == 422
        assert (await deployment.get(f"/status/{job}"))["status"] == "booting"
        assert await deployment.said(job, 1, "update", badge="blue") == 200
        document = await deployment.until(job, "finished", "failed")
        assert document["status"] == "finished"


async def test_terminate_is_replaced(start: Start) -> None:
    """[callbacks] terminate: a machine is given back for what the other plugin understands."""
    chosen = {"JOBSCHED_CALLBACKS_UPDATE": "jobsched", "JOBSCHED_CALLBACKS_TERMINATE": "badge"}
    async with start("badge", **chosen) as deployment:
        deployment.stock.WORLD.says_ready = True
        job = await deployment.schedule()
        await deployment.until(job, "booting")
        # what the core's own would take
        assert await deployment.said(job, 1, "terminate", why="boot_failed") == 422
        assert await deployment.said(job, 1, "terminate", because="the disk is full") == 200
        await until_launched(deployment, job, 2)
        assert await deployment.said(job, 2, "update", certificate="") == 200
        document = await deployment.until(job, "finished", "failed")
        assert document["status"] == "finished"
        first, second = document["attempts"][0]["launches"]
        assert first["released"] == "boot_failed: the disk is full"
        assert second["ready_at"] is not None


async def until_launched(deployment: Plugged, job: str, launches: int) -> None:
    """Return when the job's attempt has so many machines with an id."""
    async with asyncio.timeout(WITHIN):
        while True:
            (attempt,) = (await deployment.get(f"/status/{job}"))["attempts"]
            found = [one for one in attempt["launches"] if one["instance_id"]]
            if len(found) == launches:
                return
            await asyncio.sleep(0.02)


async def test_two_of_an_action_are_refused_unless_one_is_chosen(start: Start) -> None:
    """Which `update` counts is never left to an order: the start names both and what to write."""
    with pytest.raises(PluginError, match=r"both jobsched and badge bring the callback action"):
        async with start("badge"):
            pass
