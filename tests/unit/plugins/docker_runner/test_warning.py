"""Where the file of a warning is put, and what an engine's answers mean."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from jobsched.domain.job import Container
from jobsched.errors import RunnerFailed
from jobsched.plugins.docker_runner import warning
from jobsched.plugins.docker_runner.clients import Connection
from jobsched.plugins.docker_runner.failure import EngineRefused

CONTAINER = Container(name="jobsched-1", id="abc")


@dataclass
class Engine:
    """An engine whose containers have some folders, in the place of a connection to one."""

    folders: tuple[str, ...] = ()
    refusal: EngineRefused | None = None
    put: list[tuple[str, str, list[str]]] = field(default_factory=list)
    asked_who_it_is: int = 0

    @property
    def client(self) -> Any:
        """The SDK's client."""
        return self

    def put_archive(self, reference: str, path: str, data: bytes) -> None:
        """Unpack it, where there is such a folder."""
        if self.refusal:
            raise self.refusal
        if path not in self.folders:
            raise EngineRefused(404, f"Could not find the file {path} in container {reference}")
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            self.put.append((reference, path, archive.getnames()))

    def confirm(self, *, anew: bool = False) -> None:
        """Say who it is."""
        self.asked_who_it_is += anew


@pytest.mark.parametrize(
    ("folders", "place", "names"),
    [
        (("/", "/run", "/run/jobsched"), "/run/jobsched", ["interruption.json"]),
        (("/", "/run"), "/run", ["jobsched", "jobsched/interruption.json"]),
        (("/",), "/", ["run", "run/jobsched", "run/jobsched/interruption.json"]),
    ],
)
def test_nothing_is_made_that_is_there(
    folders: tuple[str, ...], place: str, names: list[str]
) -> None:
    """The deepest folder that the container has takes what is missing, once."""
    engine = Engine(folders=folders)
    warning.put(cast("Connection", engine), CONTAINER, b"{}")
    assert engine.put == [("abc", place, names)]
    assert engine.asked_who_it_is == 0


def test_not_found_is_believed_of_the_right_engine_only() -> None:
    """Before a container counts as gone, the engine says anew who it is."""
    engine = Engine()
    warning.put(cast("Connection", engine), CONTAINER, b"{}")
    assert engine.asked_who_it_is == 1


def test_a_container_without_its_id_is_found_by_its_name() -> None:
    """Where the answer of prepare was lost, the name is all that is known."""
    engine = Engine(folders=("/run",))
    warning.put(cast("Connection", engine), Container(name="jobsched-1"), b"{}")
    assert [reference for reference, _, _ in engine.put] == ["jobsched-1"]


def test_any_other_answer_is_a_failure() -> None:
    """A container that cannot be written to was not told."""
    engine = Engine(refusal=EngineRefused(500, "container rootfs is marked read-only"))
    with pytest.raises(RunnerFailed, match="read-only"):
        warning.put(cast("Connection", engine), CONTAINER, b"{}")
