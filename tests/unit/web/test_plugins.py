"""``GET /plugins``."""

from pathlib import Path
from typing import Any

import pytest

from jobsched.builtin import Builtin
from jobsched.engine.parts import Parts
from jobsched.hooks.collect import collect
from jobsched.hooks.load import load
from jobsched.schemas.plugins import PluginList
from jobsched.services import RunningServices
from jobsched.store.logs import MemoryLogs
from jobsched.web.app import create_app
from tests.distributions import Distributions
from tests.unit.web import kit

ACME = """
    from jobsched.builtin import Update

    class Disk(Update):
        name = "disk_usage"

    @hookimpl
    def jobsched_callback_actions():
        return [Disk()]
"""


@pytest.fixture
async def with_plugins(
    parts: Parts, aiohttp_client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """An API with a token, the plugin acme, and bcme that is not named."""
    installed = Distributions(tmp_path, monkeypatch)
    installed.install("acme", ACME, version="2.3")
    installed.install("bcme", "raise SystemExit('imported')\n")
    plugins = load(["acme"], builtin=Builtin(MemoryLogs({})))
    services = RunningServices(
        deployment="d", data_dir=tmp_path, ca_dir=tmp_path / "ca", settings={}
    )
    _, plugins = collect(plugins, {}, services)
    app = create_app(parts, token=kit.TOKEN, host="localhost", port=1, report=plugins.report)
    return await aiohttp_client(app)


async def test_plugins_are_told_behind_the_token(with_plugins: Any) -> None:
    """Loaded ones with what they bring, and those that are only installed; as the schema says."""
    without = await with_plugins.get("/plugins")
    answer = await with_plugins.get("/plugins", headers=kit.bearer())
    document = await answer.json()

    assert (without.status, answer.status) == (401, 200)
    assert PluginList().validate(document) == {}
    found = {one["name"]: one for one in document["plugins"]}
    assert found["jobsched"]["brings"]["planners"] == ["on_time"]
    acme, bcme = found["acme"], found["bcme"]
    assert (acme["status"], acme["distribution"], acme["version"]) == (
        "loaded",
        "jobsched-acme",
        "2.3",
    )
    assert acme["brings"] == {"actions": ["disk_usage"]}
    assert (bcme["status"], bcme["distribution"], bcme["file"]) == (
        "not named",
        "jobsched-bcme",
        None,
    )


async def test_an_api_without_plugins_has_none_to_tell(guarded: Any) -> None:
    """The answer has its form all the same."""
    answer = await guarded.get("/plugins", headers=kit.bearer())
    assert await answer.json() == {"plugins": []}
