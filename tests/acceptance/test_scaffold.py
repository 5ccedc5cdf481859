"""What `jobsched plugin new` writes works as it is, with the built wheel of jobsched alone."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from jobsched.scaffold.kind import KINDS
from tests.acceptance.installed import OURS, PIP, WITHIN, Example, python_in, site_packages
from tests.acceptance.product import ROOT, environment, running, shell
from tests.known_types import known_types
from tests.shared import once

pytestmark = pytest.mark.slow

TEMPLATES = "jobsched/scaffold/templates"
NOWHERE = "unix:///nowhere/docker.sock"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of this checkout, and with an environment that it is installed in."""
    return once(tmp_path_factory, "released", release)


def release(folder: Path) -> None:
    """Build the wheel, and install it alone."""
    words = ["build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(
        [sys.executable, "-m", *words], check=True, env=environment(), capture_output=True
    )
    # A plain line: what is a .pth file in ours, such as an editable jobsched, is not seen.
    python = python_in(folder / "venv", OURS)
    Example(folder=folder, python=python).run("pip", *PIP, str(wheel_of(folder)))


def wheel_of(released: Path) -> Path:
    """Give the wheel."""
    (built,) = released.glob("*.whl")
    return built


def begin(kind: str, released: Path, folder: Path) -> Example:
    """Begin a plugin in an empty folder and in an environment of its own; it is not installed."""
    theirs = site_packages(released / "venv")
    python = python_in(folder / "venv", f"{theirs}\n{OURS}")
    (folder / "empty").mkdir()
    nothing = Example(folder=folder / "empty", python=python)
    shown = nothing.run("inspect", "--details", "jobsched")
    assert f"Origin: {theirs}/jobsched/__init__.py\n" in shown, "it is the wheel's"
    made = nothing.run("jobsched", "plugin", "new", "acme", "--kind", kind).strip()
    assert made == "jobsched-acme"
    return Example(folder=folder / "empty" / made, python=python)


@pytest.mark.timeout(2 * WITHIN)
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_installs_and_passes_its_own_tests(
    kind: str, released: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Untouched it passes its tests and `mypy --strict src`, and is loaded when it is named."""
    plugin = begin(kind, released, tmp_path)
    plugin.run("pip", *PIP, "-e", ".")

    # as in anybody's environment: the fixtures come from jobsched's own pytest plugin
    said = plugin.run("pytest", "-p", "no:cacheprovider", PYTEST_DISABLE_PLUGIN_AUTOLOAD="")
    assert " passed" in said
    for word in ("skipped", "failed", "xfailed", "deselected", "no tests"):
        assert f" {word}" not in said.splitlines()[-1]
    cache = ("--cache-dir", known_types(tmp_path_factory, tmp_path / "mypy"))
    plugin.run("mypy", "--strict", *cache, "src")
    # all of it, the tests too
    plugin.run("mypy", *cache)
    plugin.run("ruff", "check", "--no-cache", "--extend-select", "B,I,RUF,SIM,UP", ".")
    plugin.run("ruff", "format", "--no-cache", "--check", ".")

    assert _status(plugin, "local,docker_runner")["status"] == "not named"
    found = _status(plugin, "local,docker_runner,acme")
    assert (found["status"], found["distribution"]) == ("loaded", "jobsched-acme")
    assert found["sections"] == ["acme"]
    brings = {"provider": {"providers": ["acme"]}, "runner": {"runners": ["acme"]}}
    assert found["brings"] == brings.get(kind, {})


def _status(plugin: Example, named: str) -> dict[str, object]:
    said = plugin.run("jobsched", "plugins", "--json", JOBSCHED_PLUGINS=named)
    found = {one["name"]: one for one in map(json.loads, said.splitlines())}
    return dict(found["acme"])


@pytest.mark.redis
@pytest.mark.timeout(2 * WITHIN)
@pytest.mark.parametrize(
    ("kind", "plugins", "chosen"),
    [
        ("provider", "acme,process_runner", {"PROVIDER": "acme", "RUNNER": "process_runner"}),
        ("runner", "local,acme", {"RUNNER": "acme"}),
    ],
)
@pytest.mark.usefixtures("redis_program")
def test_a_new_plugin_runs_a_job_as_its_readme_says(
    kind: str,
    plugins: str,
    chosen: dict[str, str],
    released: Path,
    tmp_path: Path,
) -> None:
    """With the README's settings `jobsched up` runs a job on it, and leaves nothing behind."""
    plugin = begin(kind, released, tmp_path)
    plugin.run("pip", *PIP, "-e", ".")
    settings = {"PLUGINS": plugins, **chosen}
    variables = {f"JOBSCHED_{key}": value for key, value in settings.items()}
    line = " ".join(f"{name}={value}" for name, value in variables.items())
    assert f"export {line}\n" in plugin.readme

    # without the path to this checkout: the server is the wheel's
    with running(NOWHERE, python=str(plugin.python), PYTHONPATH="", **variables) as product:
        said = shell("jobsched schedule --wait busybox:latest -- echo hello", product)
        assert (said.returncode, said.stdout.splitlines()[-1]) == (0, "hello"), said.stderr
        (job,) = product.client.jobs()["jobs"]
        document = product.client.status(job["id"])
        assert document["status"] == "finished"
        assert document["acme"] is not None


def test_the_wheel_holds_every_template(released: Path) -> None:
    """A file that is left out would be missing in every new plugin."""
    ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / TEMPLATES).rglob("*.template")}
    with zipfile.ZipFile(wheel_of(released)) as packed:
        theirs = {name for name in packed.namelist() if name.startswith(f"{TEMPLATES}/")}
    assert theirs == ours
    assert ours
