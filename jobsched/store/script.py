"""The Lua scripts: their text for a server, and the name under which the server keeps them."""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "lua"
_FLAGS = re.compile(r"-- flags: (\S+)\n")
#: What may run on a store that nobody has stamped, or that is being restored.
_WITHOUT_PRELUDE = frozenset({"restore", "stamp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script as one server takes it."""

    text: str
    sha: str


@functools.cache
def script(name: str, *, shebang: bool) -> Script:
    """Give a script.

    Args:
        name: that of its file in ``lua/``.
        shebang: whether the server knows ``#!lua`` (7.0 and later). It then refuses a script that
            cannot be carried out, because memory or disk are full, before it starts.
    """
    body = (_FOLDER / f"{name}.lua").read_text()
    prelude = "" if name in _WITHOUT_PRELUDE else (_FOLDER / "prelude.lua").read_text()
    flags = _FLAGS.match(body)
    first = f"#!lua{f' flags={flags[1]}' if flags else ''}\n" if shebang else ""
    text = first + prelude + body
    # Not for safety: this is how Redis names scripts.
    sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return Script(text=text, sha=sha)


def names() -> list[str]:
    """Give the names of all scripts."""
    return sorted(path.stem for path in _FOLDER.glob("*.lua") if path.stem != "prelude")


__all__ = ["Script", "names", "script"]
