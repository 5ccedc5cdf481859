"""`jobsched doctor` on a real Redis, with each thing about it wrong in turn."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from jobsched import bootstrap
from jobsched.bootstrap import doctor
from jobsched.bootstrap.doctor import Result, store
from jobsched.bootstrap.doctor import server as server_facts
from tests.services import RedisServer

pytestmark = [pytest.mark.redis, pytest.mark.timeout(30)]

SECRET = "a-secret-of-many-letters-0123456789"


DOOR = ["redis.authentication", "redis.user", "redis.tls"]
#: an address that no machine has: the server goes on without it, so that no other reaches it
OTHERS = "127.0.0.1 -192.0.2.1"
#: settings of a server that we reach on loopback, and what the three checks of its door say
LISTENS = [
    ({"bind": "127.0.0.1 -::1", "protected-mode": "no"}, ["pass", "pass", "pass"]),
    ({"bind": OTHERS, "protected-mode": "no"}, ["fail", "warn", "warn"]),
    ({"bind": OTHERS, "protected-mode": "yes"}, ["pass", "pass", "pass"]),
    ({"bind": OTHERS, "requirepass": "word"}, ["pass", "warn", "warn"]),
]


@pytest.fixture
def environ(redis_server: RedisServer, tmp_path: Path) -> dict[str, str]:
    """A deployment whose store was made; everything is well."""
    found = {
        "JOBSCHED_REDIS_URL": redis_server.url,
        "JOBSCHED_DATA_DIR": str(tmp_path / "data"),
        "JOBSCHED_DEPLOYMENT": "acme",
        "JOBSCHED_SECRET": SECRET,
        "JOBSCHED_PLUGINS": "local,docker_runner",
    }
    asyncio.run(bootstrap.init_store(bootstrap.configure(environ=found)))
    return found


@pytest.fixture
def server(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """A client of the server, to make something wrong."""
    client = redis.Redis.from_url(redis_server.url)
    yield client
    client.close()


def looked(environ: dict[str, str], *only: str) -> dict[str, Result]:
    """Give what the checks of Redis find, by name."""

    async def collect() -> dict[str, Result]:
        return {
            one.check: one async for one in doctor.examine(environ=environ, only=only or ["redis"])
        }

    return asyncio.run(collect())


def test_all_is_well(environ: dict[str, str]) -> None:
    """On a store that was made, with the settings of the page on production, every check passes."""
    found = looked(environ, "jobsched")
    # which version this machine happens to have, and how busy it is, is not told here
    assert found.pop("redis.version").verdict in {"pass", "warn"}
    assert "ms" in found.pop("redis.latency").sentence
    assert len(found) == 23
    assert {one.verdict for one in found.values()} == {"pass"}, found


#: setting → what it is set to, and the check, verdict and words that tell of it
WRONG = {
    "appendonly no": ("redis.durability", "fail", "set appendonly to yes"),
    "appendfsync no": ("redis.durability", "fail", "set it to always or everysec"),
    "appendfsync everysec": ("redis.durability", "warn", "set it to always"),
    "maxmemory-policy allkeys-lru": ("redis.memory", "fail", "set it to noeviction"),
    "maxmemory 1100000": ("redis.memory", "warn", "raise maxmemory"),
}


@pytest.mark.parametrize("setting", WRONG)
def test_a_wrong_setting_is_named(
    environ: dict[str, str], server: redis.Redis, setting: str
) -> None:
    """Q6, Q10: the sentence says which setting it is, and what to set it to."""
    key, value = setting.split()
    server.config_set(key, value)
    check, verdict, words = WRONG[setting]
    found = looked(environ)[check]
    assert (found.verdict, words in found.sentence) == (verdict, True), found


def test_what_a_check_tells_is_not_logged_as_well(
    environ: dict[str, str], server: redis.Redis
) -> None:
    """Beside the lines of the checks there is their number."""
    server.config_set("appendonly", "no")
    words = [sys.executable, "-m", "jobsched", "doctor"]
    names = ["redis.durability", "jobs", "alarms"]
    words += [word for name in names for word in ("--only", name)]
    env = {"PATH": os.environ["PATH"], **environ}
    found = subprocess.run(words, env=env, capture_output=True, text=True, check=False, timeout=25)
    assert "appendonly" in found.stdout
    assert found.stderr == "4 pass, 1 fail\n"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"JOBSCHED_DEPLOYMENT": "bcme"}, "belongs to deployment acme, not to bcme"),
        ({"JOBSCHED_SECRET": "another" + SECRET}, "was made with another secret"),
    ],
)
def test_a_store_of_others_fails(
    environ: dict[str, str], changed: dict[str, str], words: str
) -> None:
    """Q8: whose it is, and what to do."""
    found = looked({**environ, **changed})["redis.deployment"]
    assert (found.verdict, words in found.sentence) == ("fail", True), found
    assert "JOBSCHED_DEPLOYMENT" in found.sentence


def test_a_store_that_was_emptied_fails(environ: dict[str, str], server: redis.Redis) -> None:
    """Q8: it is nobody's."""
    server.flushall()
    found = looked(environ)["redis.deployment"]
    assert found.verdict == "fail"
    assert "`jobsched init --store`" in found.sentence


def test_a_replica_fails(environ: dict[str, str], server: redis.Redis) -> None:
    """It takes no writes; both checks that a write would meet say so."""
    server.replicaof("127.0.0.1", 1)
    found = looked(environ)
    assert found["redis"].verdict == found["redis.deployment"].verdict == "fail"
    assert "name its primary" in found["redis"].sentence


def test_a_server_that_tells_nothing_is_unknown(
    environ: dict[str, str], server: redis.Redis
) -> None:
    """Managed servers refuse CONFIG, and some INFO: neither good nor bad, and jobs run."""
    server.acl_setuser("default", enabled=True, commands=["-config"])
    found = looked(environ)
    assert {name for name, one in found.items() if one.verdict == "unknown"} == {
        *("redis.durability", "redis.connections", *DOOR)
    }
    assert "appendfsync" in found["redis.durability"].sentence
    assert "CONFIG GET bind" in found["redis.authentication"].sentence
    server.acl_setuser("default", enabled=True, commands=["-info"])
    found = looked(environ)
    assert {name for name, one in found.items() if one.verdict == "unknown"} == {
        "redis.version",
        "redis.durability",
        "redis.memory",
        "redis.replicas",
        "redis.cluster",
        "redis.authentication",
        "redis.user",
        "redis.tls",
        "redis.connections",
    }
    assert {one.verdict for name, one in found.items() if name != "redis.latency"} == {
        *("pass", "unknown")
    }


@pytest.mark.parametrize("word", ["", ":wrong@"])
def test_a_password_that_is_refused_is_told(
    environ: dict[str, str], server: redis.Redis, word: str
) -> None:
    """The server runs: nobody is sent to start it."""
    server.config_set("requirepass", "right")
    url = environ["JOBSCHED_REDIS_URL"].replace("unix://", f"unix://{word}")
    found = looked({**environ, "JOBSCHED_REDIS_URL": url}, "redis")
    told = found.pop("redis")
    assert (told.verdict, "start it" in told.sentence) == ("fail", False), told
    assert "correct redis_url" in told.sentence
    assert {one.sentence for one in found.values()} == {"not looked at: see the check redis"}


def test_a_server_that_hangs_is_told_in_time(
    environ: dict[str, str], redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps its connections and answers nothing: asked once, however many checks want it."""
    monkeypatch.setattr(server_facts, "ANSWER_WITHIN", timedelta(seconds=0.5))
    redis_server.pause()
    try:
        found = looked(environ)
    finally:
        redis_server.resume()
    assert found["redis"].verdict == "fail"
    assert "JOBSCHED_REDIS_URL" in found["redis"].sentence
    assert {one.verdict for name, one in found.items() if name != "redis"} == {"unknown"}


@pytest.mark.parametrize(("settings", "verdicts"), LISTENS)
def test_a_server_on_loopback_may_listen_to_others(
    environ: dict[str, str], server: redis.Redis, settings: dict[str, str], verdicts: list[str]
) -> None:
    """Who reaches it is asked of the server: our own address does not tell."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for name, value in {**settings, "port": port}.items():
        server.config_set(name, value)
    word = f":{settings['requirepass']}@" if "requirepass" in settings else ""
    url = f"redis://{word}127.0.0.1:{port}/0"
    found = looked({**environ, "JOBSCHED_REDIS_URL": url}, *DOOR)
    assert [found[name].verdict for name in DOOR] == verdicts, found


@pytest.mark.parametrize(
    ("limit", "verdict"), [("SKEW_WARNED", "warn"), ("SKEW_FAILED", "fail"), (None, "pass")]
)
def test_clocks_that_differ_are_told(
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    limit: str | None,
    verdict: str,
) -> None:
    """Q16: beyond a second it is a warning, beyond five a failure."""
    if limit:
        # nobody may turn the clock of this machine: every difference is too much instead
        monkeypatch.setattr(store, limit, timedelta(-1))
    found = looked(environ)["redis.clock"]
    assert (found.verdict, "s apart" in found.sentence) == (verdict, True), found


def test_the_machines_own_server_is_looked_at_where_it_runs(tmp_path: Path) -> None:
    """`jobsched up` runs there: the same checks, and the server is left as it is."""
    environ = {
        "JOBSCHED_DATA_DIR": str(tmp_path / "data"),
        "JOBSCHED_PLUGINS": "local,docker_runner",
    }

    async def beside_it() -> dict[str, Result]:
        config = bootstrap.configure(environ=environ)
        bootstrap.init_files(config)
        async with bootstrap.parts(config):
            return {one.check: one async for one in doctor.examine(environ=environ)}

    found = asyncio.run(beside_it())
    assert "ms" in found.pop("redis.latency").sentence
    assert {name: one.verdict for name, one in found.items() if one.verdict != "pass"} == {}
    assert "this machine's own answers" in found["redis"].sentence
