"""Reading the configuration: all mistakes at once, each with where it was made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from marshmallow import Schema, ValidationError, fields

from jobsched.config import sources
from jobsched.config.sources import CORE, Known, Written
from jobsched.config.value import Config, frozen
from jobsched.errors import ConfigError
from jobsched.schemas.config import NAMED, SECTIONS
from jobsched.schemas.error import by_field

#: Keys of the core's own section that must be known before there are plugins.
_PLUGINS = ("plugins", "plugins_dir", "trace_plugins")
NO_SCHEMAS: Mapping[str, type[Schema]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which plugins are to be loaded, and how; needed before anything else can be read."""

    names: tuple[str, ...]
    #: where single-file plugins lie
    plugins_dir: Path | None = None
    #: every call of a plugin is logged, also of those that bring schemas
    trace: bool = False


def load(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
    schemas: Mapping[str, type[Schema]] = NO_SCHEMAS,
) -> Config:
    """Read and check everything: flag > environment > file > default.

    Args:
        flags: ``api_port`` or ``worker.hands`` → value; None is a flag that was not given.
        environ: the environment.
        file: the TOML file, if it was named.
        schemas: section → schema, of the plugins that are loaded.

    Raises:
        ConfigError: with one sentence for each mistake.
    """
    every = {**SECTIONS, **schemas}
    known = _known(every)
    written = _read(flags, environ, file, known)
    sections: dict[str, Mapping[str, Any]] = {}
    for name, schema in every.items():
        sections[name] = _check_fixed(name, schema(), written)
    for name in NAMED:
        sections[name] = _check_named(name, written)
    if written.mistakes:
        raise ConfigError(_told(written.mistakes))
    origins = {
        f"{section}.{key}": found.origin
        for section, values in written.values.items()
        for key, found in values.items()
    }
    return Config(
        sections=frozen(sections),
        origins=MappingProxyType(origins),
        secret=frozenset(known.secret),
        warnings=tuple(written.warnings),
    )


def load_core(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> Wanted:
    """Say which plugins are to be loaded, whose schemas :func:`load` needs; arguments as there.

    Raises:
        ConfigError: what is said of plugins, or the file as a whole, cannot be read.
    """
    # What else is wrong is told by load(), which knows the plugins' sections too.
    written = _read(flags, environ, file, _known(SECTIONS))
    core = written.values.get(CORE, {})
    written = Written(values={CORE: {key: core[key] for key in _PLUGINS if key in core}})
    values = _check_fixed(CORE, SECTIONS[CORE](only=_PLUGINS), written)
    if written.mistakes:
        raise ConfigError(_told(written.mistakes))
    return Wanted(
        names=tuple(dict.fromkeys(values["plugins"])),
        plugins_dir=values["plugins_dir"],
        trace=values["trace_plugins"],
    )


def _known(schemas: Mapping[str, type[Schema]]) -> Known:
    fixed = {name: _fields(schema()) for name, schema in schemas.items()}
    named = {
        name: tuple(_fields(one())) if isinstance(one, type) else ()
        for name, (one, _) in NAMED.items()
    }
    secret = {
        f"{name}.{key}"
        for name, keys in fixed.items()
        for key, one in keys.items()
        if one.metadata.get("secret")
    }
    return Known(fixed=fixed, named=named, secret=secret)


def _fields(schema: Schema) -> dict[str, fields.Field[Any]]:
    return {one.data_key or name: one for name, one in schema.load_fields.items()}


def _read(
    flags: Mapping[str, Any] | None, environ: Mapping[str, str], file: Path | None, known: Known
) -> Written:
    written = Written()
    if (path := sources.find_file(file, environ)) is not None:
        sources.read_file(path, written, known)
        folder = written.values.get(CORE, {}).get("plugins_dir")
        if folder and folder.value and not sources.is_chosen(file, environ):
            # whoever wrote a folder that somebody works in could run code there
            raise ConfigError(
                f"{path}: plugins_dir names code that would be run, and this file was only found "
                f"in the current folder: set JOBSCHED_PLUGINS_DIR, or JOBSCHED_CONFIG={path}"
            )
    sources.read_environment(environ, written, known)
    sources.read_flags(flags or {}, written, known)
    return written


def _check_fixed(section: str, schema: Schema, written: Written) -> Mapping[str, Any]:
    keys = _fields(schema)
    values: dict[str, Any] = {}
    for key, found in written.values.get(section, {}).items():
        one = keys.get(key)
        if one is not None:
            # An empty text says "not set", as an empty variable does.
            if not (found.value == "" and one.allow_none and one.load_default is None):
                values[key] = _split_commas(one, found.value)
        else:
            ask = sources.near(key, keys)
            written.mistakes.append(f"{found.origin}: [{section}] has no such key{ask}")
    try:
        loaded = schema.load(values)
    except ValidationError as error:
        _blame(section, error, written)
        return {}
    if not isinstance(loaded, Mapping):
        written.mistakes.append(f"[{section}]: its schema must give a dict")
        return {}
    return loaded


def _check_named(section: str, written: Written) -> Mapping[str, Any]:
    one, _ = NAMED[section]
    value = fields.Nested(one) if isinstance(one, type) else one
    entries: dict[str, Any] = {}
    for path, found in written.values.get(section, {}).items():
        name, dot, key = path.partition(".")
        if dot:
            entries.setdefault(name.lower(), {})[key] = found.value
        else:
            entries[path.lower()] = found.value
    try:
        loaded: Mapping[str, Any] = fields.Dict(fields.String(), value).deserialize(entries)
    except ValidationError as error:
        # fields.Dict puts "value" between a name and what is wrong with it.
        messages = {name: said.get("value", said) for name, said in _mapping(error).items()}
        _blame(section, ValidationError(messages), written)
        return {}
    return loaded


def _mapping(error: ValidationError) -> dict[str, Any]:
    said: Any = error.messages
    return said if isinstance(said, dict) else {"": said}


def _split_commas(one: fields.Field[Any], value: Any) -> Any:
    """Give a list where the environment can only give a text."""
    if isinstance(one, fields.List) and isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return value


def _blame(section: str, error: ValidationError, written: Written) -> None:
    """Note each mistake with the place where it was made."""
    values = {path.lower(): found for path, found in written.values.get(section, {}).items()}
    for path, sentences in by_field(error.messages).items():
        origin = f"[{section}] {path}"
        # A list's third word, or one key of an entry, stands where the whole was written.
        parts = path.split(".")
        for length in range(len(parts), 0, -1):
            if (found := values.get(".".join(parts[:length]).lower())) is not None:
                origin = found.origin
                break
        else:
            if path != "body":
                origin = f"{origin} ({sources.variable(section, path)})"
        written.mistakes += [f"{origin}: {sentence}" for sentence in sentences]


def _told(mistakes: list[str]) -> str:
    if len(mistakes) == 1:
        return f"the configuration has a mistake: {mistakes[0]}"
    lines = "\n".join(f"  {mistake}" for mistake in mistakes)
    return f"the configuration has {len(mistakes)} mistakes:\n{lines}"


__all__ = ["Wanted", "load", "load_core"]
