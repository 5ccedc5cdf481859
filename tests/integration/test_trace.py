"""JOBSCHED_TRACE_PLUGINS: every call of a plugin is in the log, and no secret is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.distributions import Distributions
from tests.integration.plugged import STOCK, Plugged, plugged

pytestmark = [pytest.mark.redis, pytest.mark.timeout(60)]

ACME = """
    from aiohttp import web
    from marshmallow import Schema, fields

    class Settings(Schema):
        key = fields.String(metadata={"secret": True})
        pin = fields.Integer()

    async def show(request): ...

    @hookimpl
    def jobsched_config_schemas():
        return {"acme": Settings}

    @hookimpl
    def jobsched_planners(config):
        return []

    @hookimpl
    def jobsched_routes():
        return [web.get("/price", show)]

    @hookimpl
    async def jobsched_startup(services): ...

    @hookimpl
    def jobsched_job_changed(change):
        if change.state == "running":
            raise ValueError("canary-of-an-error")

    @hookimpl
    async def jobsched_shutdown(): ...
"""
#: Wherever one is written, it is not in the log.
CANARIES = {
    "JOBSCHED_SECRETS_DB": "canary-of-a-job",
    "JOBSCHED_REGISTRIES_HUB_USERNAME": "canary-of-who",
    "JOBSCHED_REGISTRIES_HUB_PASSWORD": "canary-of-a-registry",
    "JOBSCHED_ACME_KEY": "canary-of-a-plugin",
    "JOBSCHED_ACME_PIN": "61803398",
    "JOBSCHED_SECRET": "canary-of-the-deployment",
}
ASKED = {"secret_env": {"PASSWORD": "db"}, "registry_auth": "hub", "env": ["A=canary-of-env"]}


@pytest.fixture
def stock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The module of the installed plugin `stock`; `acme` is installed too."""
    monkeypatch.chdir(tmp_path)
    installed = Distributions(tmp_path, monkeypatch)
    installed.install("acme", ACME)
    return installed.install("stock", STOCK)


def calls(logs: list[Any], event: str = "plugin.called") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give the calls, each as what was called, and its line."""
    for line in logs:
        if line["event"] == event:
            yield line["call"].partition("(")[0], line


async def traced_job(deployment: Plugged) -> str:
    """Run a job whose machine posts `update`; give its id."""
    deployment.stock.WORLD.says_ready = True
    job = await deployment.schedule(**ASKED)
    await deployment.until(job, "booting")
    assert await deployment.said(job, 1, "update", certificate="") == 200
    assert (await deployment.until(job, "finished", "failed"))["status"] == "finished"
    await deployment.get(f"/logs/{job}")
    return job


async def test_a_whole_job_is_told_call_by_call(redis_url: str, tmp_path: Path, stock: str) -> None:
    """Hooks and methods are logged in the order in which they were called, with what they gave."""
    with capture_logs() as logs:
        async with plugged(
            redis_url, tmp_path, stock, "acme", JOBSCHED_TRACE_PLUGINS="1", **CANARIES
        ) as deployment:
            job = await traced_job(deployment)
            tokens = deployment.stock.TOKENS

    told = [(name, line) for name, line in calls(logs) if not name.endswith(".status")]
    # what is called twice in a row may be called once more on a slow machine
    called = (name for name, _ in told if name != "jobsched_job_changed")
    flow = [name for name, _ in groupby(called)]
    begin = flow.index("on_time.plan")
    assert flow[begin:] == [
        "on_time.plan",
        # offers are asked before there is a launch, and frozen with the launch's own order
        "stock.boot_script",
        "stock.offers",
        "stock.boot_script",
        "stock.freeze",
        "stock.provision",
        "update.to_fact",
        # its address always comes from the provider
        "stock.find",
        "stock.prepare",
        "stock.inspect",
        "stock.start",
        "stock.watch",
        "stock.inspect",
        "stock.logs",
        "redis_logs.write",
        "stock.terminate",
        "redis_logs.read",
        "jobsched_shutdown",
    ]
    assert {
        "jobsched_config_schemas",
        "jobsched_planners",
        "jobsched_providers",
        "jobsched_callback_actions",
        "jobsched_routes",
        "jobsched_startup",
    } <= set(flow[:begin])

    lines = dict(told)
    provision = lines["stock.provision"]
    assert (provision["plugin"], provision["part"]) == ("stock", "provider")
    assert re.fullmatch(r"stock\.provision\(request=\d+ characters\)", provision["call"])
    assert provision["gave"] == "running machine m-1"
    assert provision["milliseconds"] >= 400
    assert lines["stock.offers"]["call"] == f"stock.offers(order=job {job} attempt 1 launch 0)"
    assert lines["stock.offers"]["gave"] == "[offer imagined]"
    name = f"jobsched-{job}-1-1"
    assert lines["stock.prepare"]["call"] == (
        f"stock.prepare(instance=machine m-1, order=container {name} of imagined)"
    )
    assert lines["stock.inspect"]["gave"] == "exited 0"
    assert lines["update.to_fact"]["gave"] == "Ready"
    assert lines["redis_logs.write"]["call"] == (
        f"redis_logs.write(job={job}, attempt=1, offset=0, chunk=6 bytes)"
    )
    assert lines["redis_logs.read"]["gave"] == "[6 bytes at 0]"
    asked = {line["call"] for called, line in told if called == "jobsched_planners"}
    assert asked == {"jobsched_planners(config=[acme])", "jobsched_planners()"}
    streams = dict(calls(logs, "plugin.streamed"))
    assert streams["stock.logs"]["gave"] == "1 piece"

    changes = [line for called, line in told if called == "jobsched_job_changed"]
    assert {line["raised"] for line in changes if "raised" in line} == {"ValueError"}
    assert changes[0]["call"] == f"jobsched_job_changed(change=job {job} rev 0 scheduled)"

    # capture_logs keeps the fields as they were given, before the log masks those named as secrets
    traces = repr([line for line in logs if line["event"].startswith("plugin.")])
    assert len(tokens) == 1
    for secret in (*CANARIES.values(), *tokens.values(), "canary-of"):
        assert secret not in traces


async def test_nothing_is_told_and_nothing_wrapped_unless_asked(
    redis_url: str, tmp_path: Path, stock: str
) -> None:
    """Without the setting there is not one line of it."""
    with capture_logs() as logs:
        async with plugged(redis_url, tmp_path, stock, "acme", **CANARIES) as deployment:
            await traced_job(deployment)
    assert [line for line in logs if line["event"] in {"plugin.called", "plugin.streamed"}] == []
