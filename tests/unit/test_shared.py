"""What is made once for all workers of a run."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.shared import once


class Factory:
    """Stands for a worker's `tmp_path_factory`."""

    def __init__(self, own: Path) -> None:
        self._own = own

    def getbasetemp(self) -> Path:
        """Give the worker's own folder."""
        return self._own


def worker(run: Path, name: str) -> pytest.TempPathFactory:
    """Give a worker of a run."""
    (run / name).mkdir()
    return Factory(run / name)  # type: ignore[return-value]  # `once` asks for nothing else


def nothing(folder: Path) -> None:
    """Leave the folder empty."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run of several workers."""
    monkeypatch.setitem(os.environ, "PYTEST_XDIST_WORKER", "gw0")
    return tmp_path


def test_several_workers_share_what_one_of_them_makes(run: Path) -> None:
    """However many ask at one time, it is made by one of them, and all see it whole."""
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "whole").touch()

    def seen(factory: pytest.TempPathFactory) -> bool:
        return (once(factory, "thing", make) / "whole").exists()

    workers = [worker(run, f"popen-gw{number}") for number in range(4)]
    with ThreadPoolExecutor(len(workers)) as pool:
        assert list(pool.map(seen, workers)) == [True] * 4
    assert len(made) == 1


def test_what_could_not_be_made_is_made_anew(run: Path) -> None:
    """Nothing of the first try is left to the second, and no worker takes half of it for whole."""
    factory = worker(run, "popen-gw0")

    def fails(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        once(factory, "thing", fails)
    assert list(once(factory, "thing", nothing).iterdir()) == []


def test_a_run_without_workers_keeps_it_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder above its own is that of other runs."""
    monkeypatch.delitem(os.environ, "PYTEST_XDIST_WORKER", raising=False)
    factory = worker(tmp_path, "pytest-1")
    assert once(factory, "thing", nothing).parent == tmp_path / "pytest-1"
