"""The files of ``local``: one for each launch; a tombstone for each that is over."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

TOKEN = re.compile(r"[0-9a-f]{1,64}")
#: A request is sent again for an hour at most (``limits.token``); its tombstone outlives that.
TOMBSTONE_SECONDS = 24 * 3600.0

Found = Literal["running", "gone", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A launch that this machine serves."""

    token: str
    #: the engine's id, else the machine's, as it was when the lease was made
    host_id: str
    machine_id: str
    docker_url: str
    #: the frozen request, for whoever looks at the file
    request: dict[str, Any]


class Leases:
    """Leases in a directory. Each method blocks on the disk and may be called by many processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, lease: Lease) -> tuple[Found, Lease | None]:
        """Write the lease unless its token has one, or had one; give what holds afterwards."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._prune()
        match self.find(lease.token):
            case None:
                self._write(lease, replace=False)
            case ("broken", _):
                self._write(lease, replace=True)
        # Looked at after the write: a termination that came in between wins.
        state, kept = self.find(lease.token) or ("gone", None)
        if state == "gone":
            self._path(lease.token, "json").unlink(missing_ok=True)
        return state, kept

    def find(self, token: str) -> tuple[Found, Lease | None] | None:
        """Read the lease of a token; None: it never had one here, or that was long ago."""
        for state, suffix in (("gone", "gone"), ("running", "json")):
            path = self._path(token, suffix)
            with suppress(FileNotFoundError):
                lease = _parse(token, path.read_bytes())
                if state == "gone":
                    return "gone", lease
                return ("running", lease) if lease else ("broken", None)
        return None

    def all(self) -> Iterator[tuple[str, Found, Lease | None]]:
        """Give token, state and lease of every launch that has a file."""
        for token in sorted(self._tokens()):
            # None: it was pruned between the listing and the look.
            if (found := self.find(token)) is not None:
                yield token, *found

    def written_at(self, token: str) -> datetime | None:
        """Give when the lease of a token was written, by this machine's clock; None: it is over."""
        try:
            written = self._path(token, "json").stat().st_mtime
        except FileNotFoundError:
            return None
        return datetime.fromtimestamp(written, UTC)

    def end(self, token: str) -> None:
        """Turn the lease into a tombstone; nothing if that was done already."""
        path = self._path(token, "json")
        with suppress(FileNotFoundError):
            # The tombstone's age counts from now.
            os.utime(path)
            path.rename(self._path(token, "gone"))
            _sync(self._folder)

    def _path(self, token: str, suffix: str) -> Path:
        if TOKEN.fullmatch(token) is None:
            raise ValueError(f"not a launch token: {token!r}")
        return self._folder / f"{token}.{suffix}"

    def _tokens(self) -> set[str]:
        try:
            paths = list(self._folder.iterdir())
        except FileNotFoundError:
            return set()
        known = (path for path in paths if path.suffix in {".json", ".gone"})
        return {path.stem for path in known if TOKEN.fullmatch(path.stem)}

    def _write(self, lease: Lease, *, replace: bool) -> None:
        descriptor, name = tempfile.mkstemp(prefix=".new-", dir=self._folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(lease), file, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            path = self._path(lease.token, "json")
            if replace:
                Path(name).replace(path)
            else:
                # Two workers may send one request at the same time: the first one's lease holds.
                with suppress(FileExistsError):
                    path.hardlink_to(name)
        finally:
            Path(name).unlink(missing_ok=True)
        _sync(self._folder)

    def _prune(self) -> None:
        oldest = time.time() - TOMBSTONE_SECONDS
        for path in self._folder.iterdir():
            # A file with a dot in front was left by a process that died while it wrote.
            if path.suffix == ".gone" or path.name.startswith(".new-"):
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < oldest:
                        path.unlink()


def _parse(token: str, text: bytes) -> Lease | None:
    try:
        lease = Lease(**json.loads(text))
    except (ValueError, TypeError):
        return None
    return lease if lease.token == token else None


def _sync(folder: Path) -> None:
    """Make a rename in the directory outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


__all__ = ["Found", "Lease", "Leases"]
