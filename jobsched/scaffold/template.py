"""The files of a new plugin, from the templates of its kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import Template

from jobsched import __version__
from jobsched.scaffold.name import Name

_FOLDER = Path(__file__).parent / "templates"
#: What is the same for every kind.
_EVERY = "every"
#: So that no tool takes a template for the code of this package.
_SUFFIX = ".template"


def rendered(name: Name, kind: str) -> Iterator[tuple[str, str]]:
    """Give path and text of each file, in order; the same name and kind give the same bytes."""
    words = {
        "kind": kind,
        "typed": name.typed,
        "plugin": name.plugin,
        "distribution": name.distribution,
        "package": name.package,
        "Plugin": name.prefix,
        "VARIABLES": name.variables,
        "jobsched": __version__,
    }
    for path, file in sorted({**_files(_EVERY), **_files(kind)}.items()):
        target = path.replace("PACKAGE", name.package).replace("PLUGIN", name.plugin)
        yield target, Template(file.read_text(encoding="utf-8")).substitute(words)


def _files(kind: str) -> dict[str, Path]:
    folder = _FOLDER / kind
    found = folder.rglob(f"*{_SUFFIX}")
    return {path.relative_to(folder).as_posix().removesuffix(_SUFFIX): path for path in found}


__all__ = ["rendered"]
