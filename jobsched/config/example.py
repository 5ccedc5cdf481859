"""A commented ``jobsched.toml``: every key, its default, and one line of help."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from marshmallow import Schema, missing

from jobsched.config.sources import variable
from jobsched.schemas.config import NAMED, SECTIONS
from jobsched.schemas.duration import written

_HEAD = """\
# jobsched.toml: settings of jobsched, here with their defaults.
# A flag counts more than an environment variable, and that more than this file.
# Times are seconds, or 15m, 2h30m, 1d, 250ms.
"""
_NAMED = {
    "callbacks": '# update = "acme"',
    "secrets": '# database_password = "..."  # JOBSCHED_SECRETS_DATABASE_PASSWORD[_FILE]',
    "registries": '# [registries.hub]\n# username = "..."\n# password = "..."',
}


def example(schemas: Mapping[str, type[Schema]] | None = None) -> str:
    """Give the text of the file; with the sections of these plugins."""
    parts = [_HEAD]
    for section, schema in {**SECTIONS, **(schemas or {})}.items():
        parts.append("\n".join([f"[{section}]", *_lines(section, schema())]) + "\n")
    for section, (_, text) in NAMED.items():
        head = "" if section == "registries" else f"[{section}]\n"
        parts.append(f"{head}# {text}\n{_NAMED[section]}\n")
    return "\n".join(parts)


def _lines(section: str, schema: Schema) -> Iterator[str]:
    for name, one in schema.load_fields.items():
        key = one.data_key or name
        text = one.metadata.get("description", "")
        tail = "[_FILE]" if one.metadata.get("secret") else ""
        yield (
            f"# {text} ({variable(section, key)}{tail})" if text else f"# {variable(section, key)}"
        )
        default = one.load_default() if callable(one.load_default) else one.load_default
        yield f"# {key} = {_toml(default)}"


def _toml(value: Any) -> str:
    match value:
        case None | "":
            return '""'
        case bool() | int() | float():
            return json.dumps(value)
        case timedelta():
            return f'"{written(value)}"'
        case list() | tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case Mapping():
            pairs = (
                f"{json.dumps(key, ensure_ascii=False)} = {_toml(one)}"
                for key, one in value.items()
            )
            return f"{{{', '.join(pairs)}}}"
        case Path():
            home = str(Path.home())
            text = str(value)
            return _toml(f"~{text[len(home) :]}" if text.startswith(f"{home}/") else text)
        case _:
            # TOML's basic strings are written as JSON's.
            return '"..."' if value is missing else json.dumps(str(value), ensure_ascii=False)


__all__ = ["example"]
