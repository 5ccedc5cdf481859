"""The image of a machine: one list of packages for both ways to make it, and what is on top."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from jobsched.testing.cloud import recipe
from tests.services import missing

MACHINE = Path(recipe.__file__).parent / "machine"


@pytest.fixture(name="release", params=recipe.RELEASES)
def each_release(request: pytest.FixtureRequest) -> int:
    """Give each release of Debian."""
    return int(request.param)


def _members(release: int) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(recipe.root(release))) as tar:
        return {one.name: one for one in tar}


def test_both_ways_install_the_same_packages(release: int) -> None:
    """The Dockerfile has all packages of the list, in which each stands once."""
    names = recipe.packages(release)
    assert len(names) == len(set(names))
    assert f"FROM debian:{release}\n" in recipe.debian(release)
    assert f"--no-install-recommends {' '.join(names)} " in recipe.debian(release)
    assert {"systemd-sysv", "cloud-init", "docker.io", "iptables", "openssl", "curl"} <= set(names)


def test_the_version_changes_with_the_recipe_only(
    release: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same recipe has the same version; another file, mask or package has another."""
    before = recipe.base_version(release), recipe.version(release)
    assert before == (recipe.base_version(release), recipe.version(release))
    monkeypatch.setattr(recipe, "MASKED", recipe.MASKED[:-1])
    assert recipe.base_version(release) == before[0]
    assert recipe.version(release) != before[1]
    monkeypatch.setattr(recipe, "packages", lambda _: ["systemd"])
    assert recipe.base_version(release) != before[0]


def test_each_release_has_an_image_of_its_own() -> None:
    """Machines of both are there at one time."""
    for version in (recipe.base_version, recipe.version):
        assert len({version(release) for release in recipe.RELEASES}) == len(recipe.RELEASES)


def test_the_stages_of_cloud_init_are_those_of_the_release() -> None:
    """In Debian 13 one program waits for each stage: without the middle one nothing comes."""
    stage = "etc/systemd/system/cloud-config.service"
    assert stage in _members(12)
    assert stage not in _members(13)


def test_what_runs_can_be_run(release: int) -> None:
    """Scripts are executable whatever the wheel or the checkout makes of their mode."""
    members = _members(release)
    for path in ("usr/local/sbin/local-cloud-entry", "usr/local/sbin/local-cloud-images"):
        assert members[path].mode == 0o755
    assert members["etc/systemd/system/systemd-logind.service"].linkname == "/dev/null"
    started = "etc/systemd/system/cloud-init.target.wants/local-cloud-booted.service"
    assert members[started].linkname.removeprefix("/") in members


def test_no_machine_sets_the_hosts_kernel(release: int) -> None:
    """A machine has the kernel of its host: what it set there would stay when it is gone."""
    assert _members(release)["etc/systemd/system/systemd-sysctl.service"].linkname == "/dev/null"


def test_no_name_is_one_that_user_data_may_use() -> None:
    """A file of ours that user data writes over, or the other way round, would break both."""
    assert [path for path in recipe.FILES if "jobsched" in path] == []


@pytest.mark.parametrize("name", ["entry", "images"])
def test_the_scripts_are_clean(name: str) -> None:
    """Shellcheck has nothing to say."""
    program = shutil.which("shellcheck") or missing("no shellcheck: apt-get install shellcheck")
    ran = subprocess.run([program, MACHINE / name], capture_output=True, text=True, check=False)
    assert ran.stdout + ran.stderr == ""
