"""`jobsched restore` asks, and says what became of the jobs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner, Result

from jobsched import bootstrap
from jobsched.cli import setting
from jobsched.cli.main import cli
from jobsched.engine.restore import Restoration
from jobsched.errors import WrongStore
from jobsched.store.redis import RedisStore
from tests.integration.store import samples
from tests.unit.cli.test_init import init

pytestmark = pytest.mark.redis

PLUGINS = {"JOBSCHED_PLUGINS": "local,process_runner", "JOBSCHED_RUNNER": "process_runner"}


def restore(data_dir: Path, url: str, *words: str, answer: str = "") -> Result:
    """Run the command on a data directory and a Redis."""
    given = {
        "JOBSCHED_DATA_DIR": str(data_dir),
        **PLUGINS,
        "JOBSCHED_REDIS_URL": url,
    }
    return CliRunner().invoke(cli, ["restore", *words], env=given, input=answer)


@pytest.fixture
def url(tmp_path: Path, redis_url: str) -> str:
    """A Redis that is the deployment's."""
    assert init(tmp_path, "--store", JOBSCHED_REDIS_URL=redis_url, **PLUGINS).exit_code == 0
    return redis_url


def test_it_asks_first(tmp_path: Path, url: str) -> None:
    """Without a yes nothing is changed; with one the counts are told, and what to do (R9)."""
    no = restore(tmp_path, url, answer="n\n")
    assert (no.exit_code, "put back from a backup" in no.stderr) == (1, True)
    yes = restore(tmp_path, url, answer="y\n")
    assert (yes.exit_code, yes.stdout.splitlines()[0].split()[:2]) == (0, ["0", "failed,"])
    assert "start API and workers now" in yes.stderr
    assert json.loads(restore(tmp_path, url, "--yes", "--json").stdout)["unreadable"] == []


def test_an_empty_store_is_not_restored(tmp_path: Path, redis_url: str) -> None:
    """It says that nothing was put back, and not how to begin with an empty one (R9)."""
    init(tmp_path)
    found = restore(tmp_path, redis_url, "--yes")
    assert found.exit_code == 5
    assert "nothing was put back" in found.stderr
    assert "appendonly" in found.stderr
    assert "init" not in found.stderr


def test_a_job_that_fell_out_of_the_list_is_held_back(tmp_path: Path, url: str) -> None:
    """What an index has lost before the backup was made would run all the same (R9)."""
    deployment = (tmp_path / "deployment").read_text().strip()

    async def accept() -> None:
        store = await RedisStore.open(url, deployment)
        await store.accept(samples.job(1), look_again_at=await store.check())
        await store.close()

    asyncio.run(accept())
    with redis.Redis.from_url(url) as client:
        assert client.delete("jobsched:jobs") == 1
    found = json.loads(restore(tmp_path, url, "--yes", "--json").stdout)
    assert found["failed"] == 1


def test_a_crash_in_the_middle_lets_nobody_in(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until a second run has come to its end every process is refused (R9)."""

    async def dies(*_: object) -> Restoration:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("jobsched.bootstrap.restore.restore", dies)
        assert restore(tmp_path, url, "--yes").exit_code == 130
    monkeypatch.setenv("JOBSCHED_DATA_DIR", str(tmp_path))
    for name, value in PLUGINS.items():
        monkeypatch.setenv(name, value)
    config = setting.read(None, redis_url=url)

    async def opened() -> None:
        async with bootstrap.parts(config):
            pass

    with pytest.raises(WrongStore, match="`jobsched restore`"):
        asyncio.run(opened())
    assert restore(tmp_path, url, "--yes").exit_code == 0
    asyncio.run(opened())
