"""The domain is pure: it imports the standard library and itself, and reads no clock."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import jobsched.domain

FILES = sorted(Path(jobsched.domain.__file__).parent.glob("*.py"))
#: modules of the standard library that the outside world comes in by
WORLD = {
    "asyncio",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "threading",
    "time",
    "uuid",
}


def imported(tree: ast.AST) -> set[str]:
    """Give the names of the modules that a file imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_domain_imports_the_standard_library_and_itself(path: Path) -> None:
    """No file of the domain imports a package, another part of jobsched, or a door to the world."""
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        top = name.partition(".")[0]
        own = name == "jobsched.domain" or name.startswith("jobsched.domain.")
        assert own or top in sys.stdlib_module_names, name
        assert top not in WORLD, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_domain_asks_no_clock(path: Path) -> None:
    """Time is an argument: nothing in the domain asks what time it is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not calls & {"now", "utcnow", "today", "open", "print"}
