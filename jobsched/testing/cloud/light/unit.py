"""Unit files, as far as the light machine reads them."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: the first one wins
ROOTS = ("etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system")
KINDS = (".service", ".socket", ".timer", ".target")
#: `$$`, `${NAME}`, or a whole word `$NAME`
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit, with its drop-ins."""

    name: str
    exists: bool
    is_masked: bool = False
    #: what its sections set: "Service.ExecStart" → values in their order
    values: Mapping[str, list[str]] = field(default_factory=dict)

    def all(self, key: str) -> list[str]:
        """Give all values of a key."""
        return self.values.get(key, [])

    def one(self, key: str, default: str = "") -> str:
        """Give the last value of a key."""
        return [default, *self.all(key)][-1]

    def words(self, key: str) -> list[str]:
        """Give the words of all values of a key."""
        return " ".join(self.all(key)).split()


def full(name: str) -> str:
    """Give a unit's whole name: `docker` is `docker.service`."""
    return name if name.endswith(KINDS) else f"{name}.service"


def load(name: str, top: Path = Path("/")) -> Unit:
    """Read a unit and its drop-ins from below a folder."""
    name = full(name)
    found = [path for root in ROOTS if os.path.lexists(path := top / root / name)]
    if found and os.path.realpath(found[0]) == "/dev/null":
        return Unit(name=name, exists=True, is_masked=True)
    drop_ins: dict[str, Path] = {}
    for root in reversed(ROOTS):
        drop_ins |= {path.name: path for path in (top / root / f"{name}.d").glob("*.conf")}
    values: dict[str, list[str]] = {}
    for path in [*found[:1], *(drop_ins[one] for one in sorted(drop_ins))]:
        _read(path.read_text(), values)
    return Unit(name=name, exists=bool(found), values=values)


def _read(text: str, values: dict[str, list[str]]) -> None:
    section = ""
    for line in re.sub(r"\s*\\\n\s*", " ", text).splitlines():
        words = line.strip()
        if words.startswith("["):
            section = words.strip("[]")
        elif words and words[0] not in "#;":
            key, _, value = words.partition("=")
            held = values.setdefault(f"{section}.{key.strip()}", [])
            if value.strip():
                held.append(value.strip())
            else:
                held.clear()


def command(line: str, variables: Mapping[str, str]) -> tuple[list[str], bool]:
    """Give the words of an Exec line, and whether its failure counts."""
    prefix = line[: len(line) - len(line.lstrip("-@:+!"))]
    words: list[str] = []
    for word in shlex.split(line[len(prefix) :]):
        if re.fullmatch(r"\$\w+", word):
            words += variables.get(word[1:], "").split()
        else:
            words.append(_VARIABLE.sub(lambda found: _value(found, variables), word))
    return words, "-" not in prefix


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    return "$" if found[0] == "$$" else variables.get(found[1], "")


def variables(unit: Unit, top: Path = Path("/")) -> dict[str, str]:
    """Give what a unit sets for its programs."""
    told = [word for line in unit.all("Service.Environment") for word in shlex.split(line)]
    for name in unit.all("Service.EnvironmentFile"):
        path = top / name.lstrip("-/")
        if path.exists():
            lines = path.read_text().splitlines()
            told += [" ".join(shlex.split(one)) for one in lines if "=" in one and one[0] != "#"]
    return dict(one.split("=", 1) for one in told if "=" in one)


__all__ = ["Unit", "command", "full", "load", "variables"]
