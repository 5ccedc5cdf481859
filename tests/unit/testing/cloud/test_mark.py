"""Whether a cloud lives: its keeper holds a lock, whatever number or name it has."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from jobsched.testing.cloud import mark
from jobsched.testing.cloud.mark import Mark


@pytest.fixture(name="mine")
def make_mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Mark:
    """Give the mark of a cloud."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Mark.make()


def test_a_cloud_lives_while_its_lock_is_held(mine: Mark) -> None:
    """Before, after and without a folder it does not."""
    assert not mark.lives(mine.folder)
    lock = mine.hold()
    assert mark.lives(mine.folder)
    lock.close()
    assert not mark.lives(mine.folder)
    mine.forget()
    mine.forget()
    assert not mark.lives(mine.folder)


def test_a_cloud_of_another_user_is_left_alone(mine: Mark, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may not look at its lock takes nothing of it away, and has a cloud all the same."""

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", path)

    with mine.hold():
        monkeypatch.setattr(Path, "open", refuse)
        assert mark.lives(mine.folder)


def test_labels_tell_whose_a_thing_is(mine: Mark) -> None:
    """What another host, or nobody, has made on a shared engine is not for us to remove."""
    assert mark.read(mine.labels) == mine
    assert mark.read(mine.labels | {mark.HOST: f"not-{socket.gethostname()}"}) is None
    assert mark.read({"jobsched.cloud": "x"}) is None


def test_no_folder_but_a_clouds_is_removed(tmp_path: Path) -> None:
    """A label is only a label: whatever it names, only folders of clouds go."""
    other = tmp_path / "precious"
    other.mkdir()
    Mark(cloud="x", folder=other, host="here").forget()
    assert other.exists()
