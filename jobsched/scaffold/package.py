"""Writing the package of a new plugin."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from jobsched.errors import InvalidInput
from jobsched.scaffold.name import Name
from jobsched.scaffold.template import rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What was made."""

    name: Name
    kind: str
    folder: Path
    #: relative to the folder
    files: tuple[str, ...]


def make(name: Name, kind: str, parent: Path) -> Package:
    """Make the folder ``jobsched-NAME`` in another one, whole or not at all.

    Raises:
        InvalidInput: it is there already, or cannot be written.
    """
    folder = parent / name.distribution
    content = dict(rendered(name, kind))
    try:
        folder.mkdir()
    except FileExistsError:
        raise InvalidInput(
            f"{folder} is there already, and nothing in it was changed: take another name, or "
            "another place with --folder"
        ) from None
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be made: {error.strerror}") from error
    try:
        for path, text in content.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except OSError as error:
        # It was ours from the first moment.
        shutil.rmtree(folder)
        raise InvalidInput(f"{folder} cannot be written: {error.strerror}") from error
    return Package(name=name, kind=kind, folder=folder, files=tuple(content))


__all__ = ["Package", "make"]
