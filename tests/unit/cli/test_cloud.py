"""`jobsched cloud` where it cannot run: one sentence, and an exit code; nothing is started."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec

import pytest
from click.testing import CliRunner, Result

from jobsched.cli.main import cli
from jobsched.testing.cloud import cloud, image
from jobsched.testing.cloud.trouble import CannotRun


def _run(*options: str, **env: str) -> Result:
    return CliRunner().invoke(cli, ["cloud", *options], env=env)


def test_without_an_engine_it_says_so(tmp_path: object) -> None:
    """No engine is no server: 5, with where it was looked for."""
    where = f"unix://{tmp_path}/docker.sock"
    found = _run(DOCKER_HOST=where)
    assert found.exit_code == 5
    assert found.stdout == ""
    assert f"no Docker Engine answers at {where}" in found.stderr


def test_without_moto_it_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake EC2 is an extra of the package."""

    def found(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(cloud, "find_spec", found)
    ended = _run()
    assert ended.exit_code == 2
    assert "pip install 'jobsched[fake-ec2]'" in ended.stderr


def test_elsewhere_than_on_linux_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where containers are in a virtual machine, machines could not be reached."""
    monkeypatch.setattr(sys, "platform", "darwin")
    ended = _run()
    assert ended.exit_code == 2
    assert "needs Linux" in ended.stderr


def test_an_image_that_cannot_be_made_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever kept each way from making it stands there."""

    def refuse(*_: object) -> str:
        raise CannotRun("the image of a machine cannot be made here: no this; no that")

    monkeypatch.setattr(image, "ensure", refuse)
    ended = _run()
    assert ended.exit_code == 2
    assert "no this; no that" in ended.stderr


@pytest.mark.parametrize(("options", "release"), [([], 12), (["--debian", "13"], 13)])
def test_the_release_that_machines_boot_is_chosen(
    options: list[str], release: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian 12 unless told, as in the library."""
    asked: list[int] = []

    def refuse(_: object, wanted: int) -> str:
        asked.append(wanted)
        raise CannotRun("no image")

    monkeypatch.setattr(image, "ensure", refuse)
    assert _run(*options).exit_code == 2
    assert asked == [release]
