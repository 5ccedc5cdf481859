"""The ways to the image of a machine: the first that works; else the reasons of all."""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path
from typing import Any

import docker
import pytest

from jobsched.testing.cloud import engine, image, recipe
from jobsched.testing.cloud.trouble import CannotRun


class Engine:
    """An engine without images, which remembers what it was told to tag."""

    def __init__(self) -> None:
        self.removed: list[str] = []
        self.tagged: list[str] = []
        self.stream = b""
        self.api = self
        self.images = self

    def get(self, name: str) -> None:
        """Have nothing."""
        raise docker.errors.ImageNotFound(name)

    def import_image_from_stream(self, stream: Any) -> str:
        """Take an image."""
        self.stream = stream.read()
        return '{"status": "sha256:1"}\n'

    def remove_image(self, name: str) -> None:
        """Remove one."""
        self.removed.append(name)

    def tag(self, name: str, repository: str, tag: str) -> None:
        """Name one."""
        self.tagged.append(f"{name} {repository}:{tag}")

    def close(self) -> None:
        """Nothing."""


@pytest.fixture(name="empty")
def connect(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Give the engine that is found."""
    one = Engine()
    monkeypatch.setattr(engine, "connect", lambda _: one)
    monkeypatch.setattr(image, "_make", lambda *_: None)
    # a process that makes the real image meanwhile is not waited for
    monkeypatch.setattr(image, "_alone", contextlib.nullcontext)
    monkeypatch.setattr(sys, "platform", "linux")
    return one


def _program(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    path = folder / "mmdebstrap"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")


def test_mmdebstrap_makes_it_where_it_is_there(
    empty: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What it writes is taken as an image, and named when it has ended well; somebody is told."""
    _program(monkeypatch, tmp_path, 'echo "$@"')
    told: list[str] = []
    assert image.ensure(told.append, 13) == f"jobsched-machine:{recipe.version(13)}"
    assert len(told) == 1
    assert empty.tagged == [f"sha256:1 jobsched-machine-base:{recipe.base_version(13)}"]
    words = empty.stream.decode().split()
    assert f"--include={','.join(recipe.packages(13))}" in words
    assert "trixie" in words
    assert empty.removed == []


def test_else_the_engine_builds_it(
    empty: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A half of an image is none: it is removed, and the other way is gone."""
    _program(monkeypatch, tmp_path, "echo half; echo E: no mirror >&2; exit 1")
    built: list[bytes] = []
    monkeypatch.setattr(image, "_build", lambda _, __, files: built.append(files["Dockerfile"]))
    image.ensure(lambda _: None, 13)
    assert empty.removed == ["sha256:1"]
    assert empty.tagged == []
    assert built == [recipe.debian(13).encode()]


def test_where_no_way_leads_to_it_each_reason_is_told(
    empty: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One sentence, with what each of them lacks."""
    _program(monkeypatch, tmp_path, "echo E: no mirror >&2; exit 1")

    def refuse(*_: Any) -> None:
        raise CannotRun("the engine does not build it: no registry")

    monkeypatch.setattr(image, "_build", refuse)
    words = "mmdebstrap failed: E: no mirror; the engine does not build it"
    with pytest.raises(CannotRun, match=re.escape(words)):
        image.ensure(lambda _: None, 13)
