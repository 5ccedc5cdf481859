"""What arq's own command line is given."""

from __future__ import annotations

import inspect
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from arq import Worker
from arq.worker import get_kwargs

import jobsched.worker
from jobsched import bootstrap
from jobsched.queue import ADVANCE, QUEUE, from_bytes, to_bytes
from jobsched.worker.settings import arq_options


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type:
    """The class, as made from the environment; nothing is connected to."""
    monkeypatch.setenv("JOBSCHED_REDIS_URL", "redis://redis.invalid:7000/3")
    monkeypatch.setenv("JOBSCHED_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("JOBSCHED_PLUGINS", "local,process_runner")
    made: type = jobsched.worker.WorkerSettings
    return made


def test_arq_knows_every_setting(settings: type) -> None:
    """No name of ours is misspelt: arq would ignore it without a word."""
    ours = {name for name in vars(settings) if not name.startswith("__")}
    assert ours <= set(inspect.signature(Worker).parameters)
    assert ours == get_kwargs(settings).keys() - {"__module__"}


def test_what_matters_is_on_the_class_itself(settings: type) -> None:
    """What arq reads is the class' own dictionary, so nothing may be inherited."""
    own = vars(settings)
    assert (own["job_serializer"], own["job_deserializer"]) == (to_bytes, from_bytes)
    assert own["keep_result"] == 0
    assert own["job_timeout"] <= timedelta(seconds=60)
    assert own["queue_name"] == QUEUE != "arq:queue"
    assert own["health_check_interval"] <= 30
    assert own["redis_settings"].host == "redis.invalid"
    assert (own["redis_settings"].port, own["redis_settings"].database) == (7000, 3)
    assert own["on_startup"] is not None
    assert own["on_shutdown"] is not None


def test_no_task_keeps_a_result_or_runs_long(settings: type) -> None:
    """A function's own settings win over the worker's, so they are held to the same."""
    own = vars(settings)
    tasks = [*own["functions"], *own["cron_jobs"]]
    assert {task.name.removeprefix("cron:") for task in tasks} == {
        ADVANCE,
        "prune",
        "reap",
        "reconcile",
        "sweep",
    }
    for task in tasks:
        kept = task.keep_result_s
        assert kept == 0, task.name
        assert 0 < task.timeout_s <= 60, task.name


@pytest.mark.parametrize(
    ("every", "seconds"), [("20s", {0, 20, 40}), ("100ms", set(range(60))), ("5m", {0})]
)
def test_sweeps_come_as_often_as_is_configured(
    settings: type, monkeypatch: pytest.MonkeyPatch, every: str, seconds: set[int]
) -> None:
    """The seconds of the minute at which machines are looked at."""
    monkeypatch.setenv("JOBSCHED_WORKER_SWEEP_EVERY", every)
    options: dict[str, Any] = arq_options(bootstrap.configure(), "redis://redis.invalid")
    sweep = next(one for one in options["cron_jobs"] if one.name == "cron:sweep")
    assert sweep.second == seconds


def test_an_import_does_nothing(tmp_path: Path) -> None:
    """Importing the package reads no configuration, even a broken one, and loads no library."""
    script = (
        "import sys, jobsched.worker as worker\n"
        "assert 'WorkerSettings' in worker.__all__\n"
        "heavy = {'arq', 'redis', 'docker', 'jobsched.bootstrap', 'jobsched.config'}\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(sys.path), "JOBSCHED_REDIS_URL": "nonsense", "HOME": "/"},
        capture_output=True,
        text=True,
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
    assert list(tmp_path.iterdir()) == []


def test_another_name_is_an_attribute_error() -> None:
    """Only what is there can be asked for."""
    with pytest.raises(AttributeError, match="Nothing"):
        _ = jobsched.worker.Nothing
