"""Which machine this is."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jobsched.plugins.local import host
from tests.unit.plugins.local.conftest import FakeEngine


def test_the_machine_keeps_its_id(tmp_path: Path) -> None:
    """The id is made once; it is random, so two data directories have two."""
    first = host.machine_id(tmp_path / "one")

    assert host.machine_id(tmp_path / "one") == first
    assert host.machine_id(tmp_path / "two") != first
    assert len(first) == 32


def test_the_id_is_for_its_user_only(tmp_path: Path) -> None:
    """Nobody else may read or write the file, and nothing else is left beside it."""
    host.machine_id(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["host-id"]
    assert stat.S_IMODE((tmp_path / "host-id").stat().st_mode) == 0o600


def test_racing_processes_agree_on_the_id(tmp_path: Path) -> None:
    """Whoever is faster makes the id; the others take it."""
    with ThreadPoolExecutor(16) as pool:
        ids = set(pool.map(lambda _: host.machine_id(tmp_path), range(64)))

    assert len(ids) == 1


def test_an_engine_tells_its_id(engine: FakeEngine) -> None:
    """The engine is asked with GET /info over its unix socket."""
    assert host.engine_id(engine.url) == "the-engine"
    assert engine.asked == [b"GET /info HTTP/1.1\r\n"]


@pytest.mark.parametrize(
    "answer",
    [
        (b"500 Broken", b'{"ID": "x"}'),
        (b"200 OK", b"no json"),
        (b"200 OK", b"[]"),
        (b"200 OK", b'{"ID": ""}'),
        (b"200 OK", b'{"ID": 7}'),
        (b"200 OK", b"{}"),
    ],
)
def test_an_engine_without_an_id_counts_as_none(
    engine: FakeEngine, answer: tuple[bytes, bytes]
) -> None:
    """Whatever an engine answers, it is an id or None, never an error."""
    engine.answer = answer

    assert host.engine_id(engine.url) is None


@pytest.mark.parametrize(
    "url",
    [
        "unix:///nowhere.sock",
        "tcp://127.0.0.1:1",
        "tcp://",
        "ssh://host",
        "tcp://[",
        "",
        "tcp://a:b",
    ],
)
def test_no_engine_is_none(url: str) -> None:
    """An engine that is not there, or is reached in another way, has no id here."""
    assert host.engine_id(url, timeout=0.5) is None
