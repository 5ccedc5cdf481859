"""Installed distributions with plugins in them, made up in a folder."""

from __future__ import annotations

import importlib
import itertools
import textwrap
from pathlib import Path

import pytest

_numbers = itertools.count()


class Distributions:
    """Installs plugins for the length of one test."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        monkeypatch.syspath_prepend(folder)

    def install(
        self, plugin: str, code: str, *, distribution: str = "", version: str = "1.0"
    ) -> str:
        """Install a distribution whose one plugin is this code; give the name of its module."""
        distribution = distribution or f"jobsched-{plugin}"
        module = f"made_up_{plugin}_{next(_numbers)}"
        head = "from jobsched import hookimpl\n"
        (self._folder / f"{module}.py").write_text(head + textwrap.dedent(code))
        info = self._folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        (info / "entry_points.txt").write_text(f"[jobsched]\n{plugin} = {module}\n")
        importlib.invalidate_caches()
        return module
