"""`jobsched doctor` on a real Redis whose version, door, scripts and replicas are wrong in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from jobsched import bootstrap
from jobsched.bootstrap import doctor
from jobsched.bootstrap.doctor import Result, server_door, server_script
from jobsched.bootstrap.doctor import server as server_facts
from jobsched.domain.state import State, state_of
from jobsched.engine.submit import submit
from jobsched.worker.run import worker_running

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "production.md"

pytestmark = [pytest.mark.redis, pytest.mark.timeout(30)]


@pytest.fixture
def environ(redis_url: str, tmp_path: Path) -> dict[str, str]:
    """A deployment whose store was made on the shared server."""
    found = {
        "JOBSCHED_REDIS_URL": redis_url,
        "JOBSCHED_DATA_DIR": str(tmp_path / "data"),
        "JOBSCHED_DEPLOYMENT": "acme",
        "JOBSCHED_SECRET": "a-secret-of-many-letters-0123456789",
        "JOBSCHED_PLUGINS": "local,docker_runner",
    }
    asyncio.run(bootstrap.init_store(bootstrap.configure(environ=found)))
    return found


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    """A client of the server, to make something wrong; what it changes is taken back."""
    with redis.Redis.from_url(redis_url) as opened:
        found: Any = opened  # its ACL has no types
        yield found
        found.execute_command("ACL", "SETUSER", "default", "nopass")
        found.execute_command("ACL", "DELUSER", "jobsched")


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the server for one that others reach too."""
    monkeypatch.setattr(server_facts, "is_local", lambda _: False)


def looked(environ: dict[str, str], check: str) -> Result:
    """Give what one check finds."""

    async def collect() -> list[Result]:
        return [one async for one in doctor.examine(environ=environ, only=[check])]

    return next(one for one in asyncio.run(collect()) if one.check == check)


def user(client: Any, *rules: str) -> None:
    """Make the user jobsched with these rights."""
    client.execute_command("ACL", "SETUSER", "jobsched", "on", ">word", "~*", "&*", *rules)


def as_user(environ: dict[str, str]) -> dict[str, str]:
    """Connect as the user jobsched."""
    url = environ["JOBSCHED_REDIS_URL"].replace("unix://", "unix://jobsched:word@")
    return {**environ, "JOBSCHED_REDIS_URL": url}


@pytest.mark.usefixtures("remote")
def test_a_server_without_passwords_fails(environ: dict[str, str]) -> None:
    """Everybody who reaches it would be let in."""
    found = looked(environ, "redis.authentication")
    assert (found.verdict, "lets everybody in" in found.sentence) == ("fail", True), found


@pytest.mark.usefixtures("remote")
def test_a_server_that_asks_for_a_password_passes(environ: dict[str, str], client: Any) -> None:
    """Who brings none is refused, with our own user let in all the same."""
    user(client, "+@all")
    client.execute_command("ACL", "SETUSER", "default", "resetpass", ">other")
    found = looked(as_user(environ), "redis.authentication")
    assert (found.verdict, "is refused" in found.sentence) == ("pass", True), found


def test_a_server_of_this_machine_needs_no_password(environ: dict[str, str]) -> None:
    """A socket is reached by this machine alone."""
    for check in ("redis.authentication", "redis.user", "redis.tls"):
        found = looked(environ, check)
        assert (found.verdict, "only this machine" in found.sentence) == ("pass", True), found


@pytest.mark.usefixtures("remote")
def test_the_user_default_is_warned_of(environ: dict[str, str]) -> None:
    """It is whoever brings no name."""
    found = looked(environ, "redis.user")
    assert (found.verdict, "make a user for jobsched" in found.sentence) == ("warn", True), found


@pytest.mark.usefixtures("remote")
@pytest.mark.parametrize(
    ("rules", "verdict", "words"),
    [
        (["+@all"], "warn", "may FLUSHALL, KEYS, CONFIG SET, DEBUG, MODULE"),
        (["+@all", "-@dangerous", "+info", "+acl|whoami"], "pass", "may not ask for rights"),
        (["+@all", "-@dangerous", "+info", "+acl"], "pass", "may not FLUSHALL"),
        (["+@all", "-@dangerous", "+info", "-acl"], "unknown", "ACL WHOAMI"),
    ],
)
def test_what_our_user_may_is_told(
    environ: dict[str, str], client: Any, rules: list[str], *, verdict: str, words: str
) -> None:
    """What harms every job at once should be refused; what cannot be asked is unknown."""
    user(client, *rules)
    found = looked(as_user(environ), "redis.user")
    assert (found.verdict, words in found.sentence) == (verdict, True), found


# arq's own call of its own redis client
@pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")
@pytest.mark.usefixtures("remote")
def test_the_user_of_the_page_on_production_is_enough(environ: dict[str, str], client: Any) -> None:
    """With its rights a worker brings a job to its end, and the doctor has nothing against it."""
    [line] = [one for one in PAGE.read_text().splitlines() if one.startswith("ACL SETUSER")]
    client.execute_command(*line.replace(">PASSWORD", ">word").split(" "))
    mine = as_user(environ)

    async def collect() -> dict[str, Result]:
        wanted = ["redis", "jobs", "alarms", "halted"]
        return {one.check: one async for one in doctor.examine(environ=mine, only=wanted)}

    found = asyncio.run(collect())
    asked = found.keys() - {"redis.tls", "redis.version", "redis.durability", "redis.latency"}
    # the server lets everybody in, whatever our own user may
    assert {name for name in asked if found[name].verdict != "pass"} == {"redis.authentication"}

    async def work() -> State:
        config = bootstrap.configure(environ={**mine, "JOBSCHED_PLUGINS": "local,process_runner"})
        async with (
            bootstrap.parts(config, worker="w") as (parts, plugins),
            worker_running(parts, plugins, config),
        ):
            wish = {"schedule": parts.now, "docker_image": "true", "cmd": ["true"]}
            job = (await submit(parts, wish)).id
            async with asyncio.timeout(20):
                while not (state := state_of(await parts.store.read(job))).is_terminal:
                    await asyncio.sleep(0.05)
            return state

    assert asyncio.run(work()).is_terminal


@pytest.mark.usefixtures("remote")
@pytest.mark.parametrize(
    ("host", "verdict"), [("10.0.0.7", "warn"), ("192.0.2.300", "fail"), ("8.8.8.8", "fail")]
)
def test_a_connection_in_clear_is_told(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, host: str, verdict: str
) -> None:
    """In a private network somebody should look; in others everybody may read it."""
    here = environ["JOBSCHED_REDIS_URL"]
    private = server_door.is_private
    monkeypatch.setattr(server_door, "is_private", lambda _: private(host))
    found = looked({**environ, "JOBSCHED_REDIS_URL": here}, "redis.tls")
    assert (found.verdict, "rediss://" in found.sentence) == (verdict, True), found


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("redis://127.0.0.1:6379/0", True),
        ("redis://localhost", True),
        ("redis://[::1]:6379", True),
        ("unix:///tmp/redis.sock?db=0", True),
        ("redis://10.0.0.1", False),
        ("rediss://redis.example.com", False),
    ],
)
def test_who_reaches_an_address_is_read_off_it(url: str, *, local: bool) -> None:
    """A socket and loopback are reached by this machine alone."""
    assert server_facts.is_local(url) is local


@pytest.mark.parametrize("host", ["*", "::*", "0.0.0.0", "::", "192.0.2.1", "host.example"])  # noqa: S104 - read only
def test_what_a_server_listens_on_is_loopback_or_not(host: str) -> None:
    """All addresses are everybody's."""
    assert not server_facts.is_loopback(host)


@pytest.mark.parametrize(
    ("url", "without"),
    [
        ("redis://user:word@redis:6379/1", "redis://redis:6379/1"),
        ("rediss://:word@redis/0?ssl_certfile=a&ssl_ca_certs=b", "rediss://redis/0?ssl_ca_certs=b"),
        ("redis://redis?password=word&db=2", "redis://redis?db=2"),
    ],
)
def test_a_stranger_brings_nothing(url: str, without: str) -> None:
    """Neither a name nor a password nor a certificate; whom to trust is no secret."""
    assert server_facts.without_credentials(url) == without


def test_scripts_are_taken_and_tried(environ: dict[str, str], client: Any) -> None:
    """Whether flags are known is told, and the key that it was tried on is removed."""
    found = looked(environ, "redis.scripts")
    assert (found.verdict, "#!lua" in found.sentence) == ("pass", True), found
    assert "ms" in looked(environ, "redis.latency").sentence
    assert list(client.scan_iter("jobsched:doctor:*")) == []


@pytest.mark.parametrize(
    ("command", "words"), [("-eval", "EVAL"), ("-script", "does not take our script")]
)
def test_a_server_without_scripts_fails(
    environ: dict[str, str], client: Any, command: str, words: str
) -> None:
    """Nothing can be done with it."""
    user(client, "+@all", command)
    found = looked(as_user(environ), "redis.scripts")
    assert (found.verdict, words in found.sentence) == ("fail", True), found


def test_a_server_that_compares_wrongly_fails(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one that only looks like Redis is found out."""
    monkeypatch.setattr(server_script, "TRIAL", "return 1")
    found = looked(environ, "redis.scripts")
    assert (found.verdict, "compares and sets wrongly" in found.sentence) == ("fail", True), found
    monkeypatch.setattr(server_script, "TRIAL", "return 0")
    assert looked(environ, "redis.latency").verdict == "unknown"
