"""Each example is a package of its own: installed alone it works, and is what its README says."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from tests.acceptance.installed import EXAMPLES, WITHIN, install
from tests.acceptance.product import ROOT
from tests.known_types import known_types

#: What a plugin may import of us; its tests may use `jobsched.testing` too.
PUBLIC = ("contracts", "domain", "schemas", "errors", "client")

each_example = pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)


@pytest.mark.slow
@pytest.mark.timeout(2 * WITHIN)
@each_example
def test_an_example_installs_and_passes_its_own_tests(
    folder: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Built and installed alone, it passes its tests and `mypy --strict`, and is loaded."""
    example = install(folder, tmp_path / "venv")

    example.run("pytest", "-q", "-p", "jobsched.testing.pytest_plugin", "-p", "no:cacheprovider")
    cache = known_types(tmp_path_factory, tmp_path / "mypy")
    example.run("mypy", "--strict", "--cache-dir", cache, "src")

    assert example.configurations, "its README shows how it is configured"
    for text in example.configurations:
        (tmp_path / "jobsched.toml").write_text(text)
        example.run("jobsched", "config", "check", cwd=tmp_path)
        said = example.run("jobsched", "plugins", "--json", cwd=tmp_path)
        found = {one["name"]: one for one in map(json.loads, said.splitlines())}
        for plugin in example.plugins:
            assert found[plugin]["status"] == "loaded", found[plugin]
            assert found[plugin]["distribution"] == example.project["name"]


@each_example
def test_an_example_imports_what_a_third_party_sees(folder: Path) -> None:
    """Whoever copies it copies no import that may go away."""
    sources = sorted((folder / "src").rglob("*.py"))
    assert sources
    for source in sources:
        for module, names in imported(source):
            if module == "jobsched":
                assert set(names) <= {"hookimpl", "JOBSCHED_API", *PUBLIC}, source
            elif module.startswith("jobsched."):
                assert module.split(".")[1] in PUBLIC, source


def imported(source: Path) -> list[tuple[str, list[str]]]:
    """Give the modules that a file imports, with the names that it takes of each."""
    found = []
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.append((node.module or "", [one.name for one in node.names]))
        elif isinstance(node, ast.Import):
            found += [(one.name, []) for one in node.names]
    return found


def test_every_example_is_named_in_the_overview() -> None:
    """The page of examples/ leads to each of its folders."""
    overview = (ROOT / "examples" / "README.md").read_text()
    folders = sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir())
    assert [name for name in folders if f"[{name}]({name}/README.md)" not in overview] == []
