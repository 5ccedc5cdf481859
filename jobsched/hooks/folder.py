"""Plugins without packaging: ``NAME.py`` or ``NAME/__init__.py`` in ``plugins_dir``."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

from jobsched.errors import ConfigError, PluginLoadFailed
from jobsched.hooks.candidate import Candidate
from jobsched.hooks.trust import danger, danger_below

#: Modules are named below it. The folder is not on ``sys.path``: a plugin named ``json`` is nobody
#: else's ``json``.
PRIVATE = "jobsched_plugins_dir"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
#: Python's own files beside the plugins.
_CACHE = "__pycache__"


def in_folder(folder: Path) -> Iterator[Candidate]:
    """Give each plugin of the folder, by name; what has no name that can be configured is left out.

    Raises:
        ConfigError: the folder cannot be read, or others than its owner and root can write to it.
    """
    where = f"the folder of plugins {folder} (plugins_dir, JOBSCHED_PLUGINS_DIR)"
    try:
        paths = sorted(folder.iterdir())
        why = danger(folder) or (danger_below(folder / _CACHE) if folder / _CACHE in paths else "")
    except OSError as error:
        message = f"{where} cannot be read: {error.strerror}; make it, or take the setting out"
        raise ConfigError(message) from error
    if why:
        # Whoever can write to it runs code in a process that holds the credentials of a cloud.
        raise ConfigError(f"{where} is not used, {why}")
    for path in paths:
        file = path / "__init__.py" if path.is_dir() else path
        name = path.stem if file == path else path.name
        if file.suffix == ".py" and file.is_file() and _NAME.fullmatch(name):
            yield Candidate(
                name=name,
                what=str(path),
                module=f"{PRIVATE}.{name}",
                importer=partial(_load, name, path, file),
                file=str(file),
            )


def _load(name: str, path: Path, file: Path) -> ModuleType:
    private = f"{PRIVATE}.{name}"
    known = sys.modules.get(private)
    if known is not None and known.__file__ == str(file):
        return known
    # The folder that a link leads to counts as well.
    if why := danger(path.resolve().parent) or danger_below(path):
        raise PluginLoadFailed(name, f"{path} is not used, {why}")
    _forget(private)
    spec = importlib.util.spec_from_file_location(private, file)
    if spec is None or spec.loader is None:
        raise PluginLoadFailed(name, f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    # Before it runs, as an import does: dataclasses and relative imports look there, the latter for
    # the package above too, which has nothing in it.
    above = sys.modules.setdefault(PRIVATE, ModuleType(PRIVATE, "Plugins of plugins_dir."))
    above.__path__ = []
    sys.modules[private] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        _forget(private)
        raise
    return module


def _forget(private: str) -> None:
    """Take a module and those below it out, so that another try begins anew."""
    for name in [one for one in sys.modules if one == private or one.startswith(f"{private}.")]:
        del sys.modules[name]


__all__ = ["PRIVATE", "in_folder"]
