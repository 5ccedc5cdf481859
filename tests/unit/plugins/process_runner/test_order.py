"""What the shim is told."""

import os

import pytest

from jobsched.errors import RunnerFailed
from jobsched.plugins.process_runner.order import check_name, spec_of
from tests.unit.plugins.process_runner.orders import order


def test_the_workers_environment_stays_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job gets path, language, home and its own entries; the later one of two holds."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    monkeypatch.setenv("LANG", "C")

    spec = spec_of(order("true", environment=("A=1=2", "B=", "A=3")), "/home", "/told.json")

    path = os.environ["PATH"]
    assert spec == {
        "command": ["true"],
        "environment": {
            "PATH": path,
            "LANG": "C",
            "HOME": "/home",
            "TMPDIR": "/home",
            "JOBSCHED_INTERRUPTION_FILE": "/told.json",
            "A": "3",
            "B": "",
        },
    }


@pytest.mark.parametrize(
    ("command", "environment", "sentence"),
    [
        ((), (), "needs a cmd"),
        (("true",), ("s3cret",), "not KEY=value"),
        (("true",), ("=s3cret",), "not KEY=value"),
        (("true",), ("A=s3cret\0",), "NUL"),
        (("a\0",), (), "NUL"),
    ],
)
def test_what_cannot_run_is_refused(
    command: tuple[str, ...], environment: tuple[str, ...], sentence: str
) -> None:
    """The attempt ends with a sentence for the user, without any value of the environment."""
    with pytest.raises(RunnerFailed, match=sentence) as caught:
        spec_of(order(*command, environment=environment), "/home", "/told.json")

    assert (caught.value.reason, caught.value.effect, caught.value.then) == (
        "configuration",
        "none",
        "fail",
    )
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize("name", ["", ".", "..", ".new-x", "a/b", "../a", "a\n", "a" * 201])
def test_a_name_cannot_leave_the_directory(name: str) -> None:
    """Only plain names become directories, and none that are used for something else."""
    with pytest.raises(RunnerFailed, match="cannot name a container"):
        check_name(name)
    assert check_name("jobsched-a-1-1-2") == "jobsched-a-1-1-2"
