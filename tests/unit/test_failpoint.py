"""`JOBSCHED_FAILPOINT`: where a process ends, and that nothing is in the way without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from jobsched import bootstrap
from jobsched.bootstrap import failpoint
from jobsched.config import load
from jobsched.engine.outside import POINTS, Outside
from jobsched.errors import ConfigError
from jobsched.hooks.registry import Registry
from jobsched.store.memory import MemoryStore
from jobsched.testing.fakes import FakeProvider, FakeWorld
from jobsched.testing.virtual_time import VirtualClock

#: asks the outside three times, and says so
ASKS = """
import asyncio
from jobsched.bootstrap import failpoint

class Provider:
    async def provision(self, request):
        print("asked", request, flush=True)

async def main():
    provider = failpoint.around(Provider(), "provider", failpoint.read())
    for number in (1, 2, 3):
        await provider.provision(number)

asyncio.run(main())
"""


def _asking(written: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", ASKS]
    environ = {failpoint.VARIABLE: written, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        words, check=False, env=environ, capture_output=True, text=True, timeout=30
    )


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("provider.provision:before", 0),
        ("provider.provision:after", 1),
        ("provider.provision:before:3", 2),
    ],
)
def test_the_process_ends_at_its_point(written: str, asked: int) -> None:
    """It ends before or after the effect, the n-th time, with its own code and one line."""
    done = _asking(written)
    assert done.returncode == failpoint.EXIT
    assert len(done.stdout.splitlines()) == asked
    place = ":".join(written.split(":")[:2])
    assert done.stderr == (
        f"jobsched: ended at the fail-point {place}, as JOBSCHED_FAILPOINT says\n"
    )


def test_a_point_that_is_not_passed_ends_nothing() -> None:
    """Another point, and a fourth time of three, leave the process alone."""
    for written in ("provider.terminate:before", "provider.provision:after:4"):
        assert _asking(written).returncode == 0


@pytest.mark.parametrize(
    "written", ["provider.provision", "provider.provision:during", "store.claim:after:0", ":"]
)
def test_another_form_is_refused(written: str) -> None:
    """Whoever writes it otherwise is told the form, and the names that there are."""
    with pytest.raises(ConfigError, match=r"is not NAME:before.*runner\.start") as caught:
        failpoint.read({failpoint.VARIABLE: written})
    assert repr(written) in str(caught.value)


def test_a_wrong_name_is_refused_with_all_names() -> None:
    """A name that no call has would never end anything: it is refused, and the nearest is said."""
    with pytest.raises(ConfigError, match=r"did you mean save\.Begun") as caught:
        failpoint.read({failpoint.VARIABLE: "save.Began:before"})
    assert all(name in str(caught.value) for name in POINTS)


async def test_it_is_refused_before_a_process_works(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A worker or API with a wrong one does not start."""
    monkeypatch.setenv(failpoint.VARIABLE, "nowhere:before")
    config = load({"data_dir": str(tmp_path)}, {})
    with pytest.raises(ConfigError, match="nowhere"):
        async with bootstrap.parts(config):
            pytest.fail("it started")


def test_without_it_nothing_is_wrapped() -> None:
    """Off by default, at no cost: the engine has the very store and plugins."""
    assert failpoint.read({}) is None
    assert failpoint.read({failpoint.VARIABLE: ""}) is None
    store, registry = object(), Registry()
    assert failpoint.around(store, "store", None) is store
    assert failpoint.around_plugins(registry, None) is registry


def test_with_it_all_of_the_outside_is_wrapped() -> None:
    """Store, providers, runners and log stores alike; and nobody leaves it set unseen."""
    point = failpoint.read({failpoint.VARIABLE: "save.Begun:before"})
    provider = FakeProvider(FakeWorld(clock=VirtualClock()))
    with capture_logs() as logs:
        registry = failpoint.around_plugins(Registry(providers={"fake": provider}), point)
    assert [(one["event"], one["point"]) for one in logs] == [
        ("failpoint.set", "save.Begun:before")
    ]
    assert isinstance(registry.provider("fake"), Outside)
    assert registry.provider("fake").caps == provider.caps
    assert isinstance(failpoint.around(MemoryStore, "store", point), Outside)
