"""Which plugin a name of the configuration means."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from jobsched.errors import DuplicateName, PluginNotFound
from jobsched.hooks.candidate import Candidate
from jobsched.hooks.folder import in_folder
from jobsched.hooks.installed import installed
from jobsched.hooks.report import Origin

#: name → those who bring a plugin of this name
Candidates = Mapping[str, Sequence[Candidate]]


def candidates(plugins_dir: Path | None = None) -> Candidates:
    """Give every plugin that is installed or lies in the folder; imports none.

    Raises:
        ConfigError: the folder cannot be read, or others can write to it.
    """
    found: dict[str, list[Candidate]] = {}
    for one in (*installed(), *(in_folder(plugins_dir) if plugins_dir else ())):
        found.setdefault(one.name, []).append(one)
    return found


def choose(name: str, found: Candidates, plugins_dir: Path | None = None) -> Candidate:
    """Give the one plugin of a name.

    Raises:
        PluginNotFound: there is none.
        DuplicateName: there are several.
    """
    named = found.get(name, ())
    if not named:
        nowhere = (
            f"it is not installed, nor in {plugins_dir}" if plugins_dir else "it is not installed"
        )
        raise PluginNotFound(name, f"{nowhere}; {_ask(name, found)}")
    if len(named) > 1:
        raise DuplicateName(name, _several(named))
    return named[0]


def origin_of(named: Sequence[Candidate]) -> Origin:
    """Say where a plugin comes from, without importing it; of several of one name, who has it."""
    makers = sorted({one.distribution for one in named if one.distribution})
    if len(named) > 1:
        return Origin(distribution=", ".join(makers))
    (one,) = named
    return Origin(
        distribution=one.distribution,
        version=one.version,
        # the module of a file has a private name that nobody can import
        module="" if one.file else one.what,
        file=one.file,
    )


def _ask(name: str, found: Candidates) -> str:
    if not any(one.distribution for named in found.values() for one in named):
        return "no plugin is, not even jobsched's own: install jobsched (pip install -e .)"
    near = difflib.get_close_matches(name, found, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {_list(found)}"


def _several(named: Sequence[Candidate]) -> str:
    makers = _list({one.maker for one in named})
    advice = "keep one" if any(one.file for one in named) else "uninstall all but one"
    return f"{makers} bring a plugin of this name: {advice}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


__all__ = ["Candidates", "candidates", "choose", "origin_of"]
