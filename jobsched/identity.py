"""Who this deployment is: its id and its secret, from the configuration or the data directory."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from jobsched.errors import ConfigError

SECRET_FILE = "secret"  # noqa: S105 - the name of a file
DEPLOYMENT_FILE = "deployment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The id that tags and the store carry, and the secret that tokens are made from."""

    deployment: str
    secret: str = field(repr=False)


def init(data_dir: Path) -> Identity:
    """Make what a deployment needs in its data directory, readable by its owner alone.

    Safe to repeat, and by several processes at one moment: what is there is kept.

    Raises:
        ConfigError: the directory cannot be made or written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Identity(
            deployment=_kept(data_dir / DEPLOYMENT_FILE, lambda: uuid4().hex[:12]),
            secret=_kept(data_dir / SECRET_FILE, lambda: secrets.token_hex(32)),
        )
    except OSError as error:
        raise ConfigError(
            f"the data directory {data_dir} cannot be used ({error.strerror}): name another one "
            "with JOBSCHED_DATA_DIR"
        ) from error


def identify(*, deployment: str, secret: str, data_dir: Path, make: bool) -> Identity:
    """Give the configured id and secret; what is not configured comes from the data directory.

    Args:
        deployment: the configured id, or empty.
        secret: the configured secret, or empty.
        data_dir: where :func:`init` keeps both.
        make: whether this process may make what is missing: only where the store is its own too.

    Raises:
        ConfigError: something is missing.
    """
    if not (deployment and secret) and make:
        init(data_dir)
    deployment = deployment or _read(data_dir / DEPLOYMENT_FILE)
    secret = secret or _read(data_dir / SECRET_FILE)
    pairs = (("JOBSCHED_DEPLOYMENT", deployment), ("JOBSCHED_SECRET", secret))
    if missing := [name for name, value in pairs if not value]:
        raise ConfigError(
            "all processes of a deployment share an id and a secret: run `jobsched init` once, and "
            f"give every process its data directory or {' and '.join(missing)}"
        )
    return Identity(deployment=deployment, secret=secret)


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not (there := _read(path)):
        _write_once(path, make())
        there = _read(path)
    return there


def _write_once(path: Path, text: str) -> None:
    """Write a file whole or not at all; of several writers the first wins."""
    draft = path.with_name(f".{path.name}-{uuid4().hex}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link does not replace what another process has just made.
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


__all__ = ["Identity", "identify", "init"]
