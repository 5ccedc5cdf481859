"""Where values come from: a TOML file, the environment, flags."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobsched.errors import ConfigError

CORE = "jobsched"
PREFIX = "JOBSCHED_"
USUAL_FILE = "jobsched.toml"
#: Variables of others: the client, the log, tests.
OTHERS = frozenset(
    {
        "JOBSCHED_CONFIG",
        "JOBSCHED_DEMO_REQUIRE",
        "JOBSCHED_FAILPOINT",
        "JOBSCHED_LOG_FORMAT",
        "JOBSCHED_LOG_LEVEL",
        "JOBSCHED_PRIVATE_ENGINE",
        "JOBSCHED_TOKEN",
        "JOBSCHED_TOKEN_FILE",
        "JOBSCHED_URL",
    }
)
OTHERS_PREFIX = "JOBSCHED_TEST_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A value as it was written, and where."""

    value: Any = field(repr=False)
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The keys that there are."""

    #: section → its keys
    fixed: Mapping[str, Collection[str]]
    #: sections whose keys are names of the operator's own → the keys of one entry (empty: a value)
    named: Mapping[str, Collection[str]]
    #: ``section.key`` of secrets; all that a named section holds may come from a file
    secret: Collection[str] = ()

    @property
    def sections(self) -> list[str]:
        """All sections."""
        return [*self.fixed, *self.named]


@dataclass(slots=True)
class Written:
    """What was written, and what is wrong with it so far."""

    #: section → key (``name.key`` in a section of names) → value; the last one counts
    values: dict[str, dict[str, Found]] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def put(self, section: str, key: str, found: Found) -> None:
        """Take a value over; it counts more than those before it."""
        self.values.setdefault(section, {})[key] = found


def is_chosen(file: Path | None, environ: Mapping[str, str]) -> bool:
    """Say whether somebody named the file, and it was not only found in the current folder."""
    return file is not None or bool(environ.get("JOBSCHED_CONFIG"))


def find_file(file: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Give the file: the named one, else that of ``JOBSCHED_CONFIG``, else that of the folder."""
    if file is None and environ.get("JOBSCHED_CONFIG"):
        file = Path(environ["JOBSCHED_CONFIG"]).expanduser()
    if file is None:
        usual = Path(USUAL_FILE)
        return usual if usual.is_file() else None
    return file


def read_file(file: Path, written: Written, known: Known) -> None:
    """Read a TOML file.

    Raises:
        ConfigError: there is none, or it is no TOML.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is no TOML: {error}") from error
    for section, table in document.items():
        origin = f"file {file}:{section}"
        if not isinstance(table, Mapping):
            at_home = section in known.fixed[CORE]
            advice = f"write it under [{CORE}]" if at_home else "values stand in a section"
            written.mistakes.append(f"{origin}: {advice}")
        elif section not in known.sections:
            ask = near(section, known.sections) or "; is its plugin named in plugins?"
            written.mistakes.append(f"{origin}: there is no such section{ask}")
        else:
            for key, value in _entries(section, table, known):
                written.put(section, key, Found(value=value, origin=f"{origin}.{key}"))


def _entries(section: str, table: Mapping[str, Any], known: Known) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if known.named.get(section) and isinstance(value, Mapping):
            yield from ((f"{key}.{inner}", item) for inner, item in value.items())
        else:
            yield key, value


def read_environment(environ: Mapping[str, str], written: Written, known: Known) -> None:
    """Read variables; an empty one counts as not there."""
    ours = sorted(name for name, value in environ.items() if name.startswith(PREFIX) and value)
    taken: dict[tuple[str, str], str] = {}
    for name in ours:
        if name in OTHERS or name.startswith(OTHERS_PREFIX):
            continue
        target = _target(name, known)
        if isinstance(target, str):
            # Inside a section it is surely ours; elsewhere it may be somebody else's.
            inside = _section_of(name.removeprefix(PREFIX).lower(), known)
            (written.mistakes if inside else written.warnings).append(
                f"environment {name}: {target}"
            )
            continue
        section, key, is_file = target
        if (section, key) in taken:
            written.mistakes.append(f"environment {name}: {taken[section, key]} is set too")
            continue
        taken[section, key] = name
        try:
            value = Path(environ[name]).read_text().rstrip("\r\n") if is_file else environ[name]
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            written.mistakes.append(f"environment {name}: {environ[name]} cannot be read: {why}")
            continue
        written.put(section, key, Found(value=value, origin=f"environment {name}"))


def _target(name: str, known: Known) -> tuple[str, str, bool] | str:
    """Give section, key and whether the value is a file's name; or what is wrong with the name."""
    rest = name.removeprefix(PREFIX).lower()
    plain = rest.removesuffix("_file")
    if rest in known.fixed[CORE]:
        return CORE, rest, False
    if plain in known.fixed[CORE] and f"{CORE}.{plain}" in known.secret:
        return CORE, plain, True
    section = _section_of(rest, known)
    if section is None:
        return f"there is no such setting{_near_variable(rest, known)}"
    key, is_file = rest[len(section) + 1 :], False
    if section in known.fixed:
        plain = key.removesuffix("_file")
        if key not in known.fixed[section] and f"{section}.{plain}" in known.secret:
            key, is_file = plain, True
        if key not in known.fixed[section]:
            return f"[{section}] has no such key{_near_variable(rest, known)}"
        return section, key, is_file
    return _named_target(section, key, known)


def _named_target(section: str, key: str, known: Known) -> tuple[str, str, bool] | str:
    plain = key.removesuffix("_file")
    if not known.named[section]:
        is_file = plain != key and section == "secrets"
        return section, plain if is_file else key, is_file
    for inner in known.named[section]:
        for candidate, is_file in ((key, False), (plain, True)):
            if candidate.endswith(f"_{inner}") and (not is_file or candidate != key):
                return section, f"{candidate.removesuffix(f'_{inner}')}.{inner}", is_file
    wanted = " or ".join(f"_{inner.upper()}" for inner in known.named[section])
    return f"a name in [{section}] is followed by {wanted}"


def _section_of(rest: str, known: Known) -> str | None:
    # The longest: of the sections "ec2" and "ec2_spot", EC2_SPOT_REGION means the second.
    sections = (one for one in known.sections if one != CORE and rest.startswith(f"{one}_"))
    return max(sections, key=len, default=None)


def _near_variable(rest: str, known: Known) -> str:
    # Without the prefix, which would make everything look alike.
    ours = [variable(section, key) for section, keys in known.fixed.items() for key in keys]
    names = [name.removeprefix(PREFIX) for name in (*ours, *OTHERS)]
    found = difflib.get_close_matches(rest.upper(), names, n=1, cutoff=0.75)
    return f"; did you mean {PREFIX}{found[0]}?" if found else ""


def variable(section: str, key: str) -> str:
    """Give the name of a key's environment variable."""
    path = key if section == CORE else f"{section}_{key}"
    return PREFIX + path.replace(".", "_").upper()


def read_flags(flags: Mapping[str, Any], written: Written, known: Known) -> None:
    """Take flags over: ``api_port`` or ``worker.hands``; None is a flag that was not given."""
    for path, value in flags.items():
        if value is None:
            continue
        section, key = split(path)
        if key not in known.fixed.get(section, ()):
            raise ConfigError(f"there is no setting {path!r}")
        written.put(section, key, Found(value=value, origin=f"flag --{path.replace('_', '-')}"))


def split(path: str) -> tuple[str, str]:
    """Give section and key of ``api_port`` or ``worker.hands``."""
    section, dot, key = path.partition(".")
    return (section, key) if dot else (CORE, path)


def near(name: str, names: Collection[str]) -> str:
    """Ask whether another name was meant, or give nothing."""
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    return f"; did you mean {found[0]}?" if found else ""


__all__ = [
    "CORE",
    "Found",
    "Known",
    "Written",
    "find_file",
    "near",
    "read_environment",
    "read_file",
    "read_flags",
    "split",
    "variable",
]
