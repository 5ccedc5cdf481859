"""The folder of the authority's files and of the workers': made once, and kept."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobsched.errors import ConfigError

if TYPE_CHECKING:
    from jobsched.authority.certificate import Pair

#: in the data directory, where the configuration names no other folder
FOLDER: Final = "ca"
CA_CERTIFICATE: Final = "ca-cert.pem"
#: signs further client certificates; no worker needs it
CA_KEY: Final = "ca-key.pem"
CERTIFICATE: Final = "client-cert.pem"
KEY: Final = "client-key.pem"


def init(folder: Path) -> None:
    """Make what is missing of the authority and of the workers' certificate, for the owner alone.

    Safe to repeat, and by several processes at one moment: what is there is kept. A certificate
    without its key, or a key without its certificate, is never written over. Where workers have a
    certificate and there is no authority, none is made: another one has signed it.

    Raises:
        ConfigError: the folder cannot be written, or what is in it is half a pair.
    """
    if all((folder / name).exists() for name in (CA_CERTIFICATE, CERTIFICATE, KEY)):
        return
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(folder):
            _make(folder)
    except OSError as error:
        raise ConfigError(
            f"the folder of certificates {folder} cannot be used ({error.strerror}): name another "
            "one with JOBSCHED_CA_DIR"
        ) from error


def _make(folder: Path) -> None:
    from jobsched.authority import certificate  # noqa: PLC0415 - 60 ms, needed once in a deployment's life

    authority = (folder / CA_CERTIFICATE, folder / CA_KEY)
    worker = (folder / CERTIFICATE, folder / KEY)
    if _is_there(*worker) and (authority[0].exists() or not authority[1].exists()):
        return
    if not _is_there(*authority):
        _write(certificate.authority("jobsched"), *authority)
    if not _is_there(*worker):
        issuer = certificate.read(*(path.read_bytes() for path in authority))
        _write(certificate.client("jobsched worker", issuer), *worker)


def _is_there(certificate: Path, key: Path) -> bool:
    there = [one for one in (certificate, key) if one.exists()]
    if len(there) == 1:
        missing = key if there[0] == certificate else certificate
        raise ConfigError(
            f"{there[0]} is there, and {missing.name} beside it is not: put it back, or move both "
            "away to have them made anew"
        )
    return bool(there)


def _write(pair: Pair, certificate: Path, key: Path) -> None:
    """Write both, the key first: a certificate is there only with its key."""
    for path, content in ((key, pair.key_pem), (certificate, pair.certificate_pem)):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes out of the folder meanwhile."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


__all__ = ["CA_CERTIFICATE", "CA_KEY", "CERTIFICATE", "FOLDER", "KEY", "init"]
