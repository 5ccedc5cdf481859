"""A new package: every file of its kind, whole or not at all, and nothing that was there before."""

import ast
import tomllib
from pathlib import Path

import pytest

from jobsched.errors import InvalidInput
from jobsched.scaffold.kind import KINDS
from jobsched.scaffold.name import named
from jobsched.scaffold.package import make
from jobsched.scaffold.template import rendered

each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
def test_every_kind_is_complete(kind: str, tmp_path: Path) -> None:
    """The folder holds what was told, and nothing else: package, hooks, types, tests, README."""
    made = make(named("acme-cloud"), kind, tmp_path)
    assert made.folder == tmp_path / "jobsched-acme-cloud"
    found = {path for path in made.folder.rglob("*") if path.is_file()}
    assert {str(path.relative_to(made.folder)) for path in found} == set(made.files)
    package = "src/jobsched_acme_cloud"
    wanted = {"pyproject.toml", "README.md", "tests/test_acme_cloud.py", f"{package}/__init__.py"}
    wanted |= {f"{package}/config.py", f"{package}/{kind}.py", f"{package}/py.typed"}
    assert wanted <= set(made.files)


@each_kind
def test_its_project_says_what_it_is(kind: str) -> None:
    """The entry point leads to the package, and the name is the folder's."""
    document = tomllib.loads(dict(rendered(named("acme-cloud"), kind))["pyproject.toml"])
    assert document["project"]["name"] == "jobsched-acme-cloud"
    assert document["project"]["entry-points"]["jobsched"] == {"acme_cloud": "jobsched_acme_cloud"}


@each_kind
@pytest.mark.parametrize("typed", ["a", "acme-cloud", "x" * 63])
def test_nothing_of_a_template_is_left(kind: str, typed: str) -> None:
    """Every file has its names filled in, and what is Python can be read as such."""
    for path, text in rendered(named(typed), kind):
        assert "$" not in path + text, path
        assert "PACKAGE" not in path + text, path
        assert "PLUGIN" not in path, path
        if path.endswith(".py"):
            ast.parse(text)


@pytest.mark.parametrize("there", ["folder", "file", "link"])
def test_what_is_there_is_not_touched(there: str, tmp_path: Path) -> None:
    """An empty folder too, or a link that leads nowhere."""
    target = tmp_path / "jobsched-acme"
    if there == "folder":
        target.mkdir()
    elif there == "file":
        target.write_text("mine")
    else:
        target.symlink_to("nowhere")
    with pytest.raises(InvalidInput, match="jobsched-acme is there already"):
        make(named("acme"), "provider", tmp_path)
    assert list(tmp_path.rglob("*")) == [target]


def test_a_place_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The system's own words say why."""
    with pytest.raises(InvalidInput, match="cannot be made: No such file or directory"):
        make(named("acme"), "provider", tmp_path / "no")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A half of a package would be worse than none."""
    write = Path.write_text

    def full(path: Path, *args: str, **kwargs: str) -> int:
        if path.name == "README.md":
            raise OSError(28, "No space left on device")
        return write(path, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(InvalidInput, match="No space left on device"):
        make(named("acme"), "provider", tmp_path)
    assert list(tmp_path.iterdir()) == []
