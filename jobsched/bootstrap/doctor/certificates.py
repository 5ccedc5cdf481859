"""The deployment's certificates: there, its own, good for a while, and nobody else's to read."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from jobsched import authority
from jobsched.bootstrap.configured import ca_dir
from jobsched.config import Config
from jobsched.contracts.check import Check, Finding
from jobsched.errors import ConfigError

#: the kind of access to a machine that needs them
BY_TLS: Final = "docker_tls"
#: a job may last a week, and an operator may be on holiday
SOON: Final = timedelta(days=30)


class Certificates(Check):
    """Workers can show a certificate that the deployment's machines let in."""

    name = "certificates"

    def __init__(self, config: Config, access: frozenset[str]) -> None:
        self._config = config
        self._is_needed = BY_TLS in access

    async def look(self) -> Finding:
        """See the contract."""
        folder = ca_dir(self._config)
        needed = (authority.CA_CERTIFICATE, authority.CERTIFICATE, authority.KEY)
        missing = [name for name in needed if not (folder / name).exists()]
        if missing:
            return self._missing(folder, missing)
        if open_to_others := [path.name for path in _keys(folder) if _is_open(path)]:
            files = " and ".join(open_to_others)
            words = f"others than their owner can get at {files} in {folder}: chmod 600 them"
            return Finding("fail", words)
        return _dated(folder)

    def _missing(self, folder: Path, missing: list[str]) -> Finding:
        if not self._is_needed:
            return Finding("pass", "not needed: no provider's machines are reached by TLS")
        if missing == [authority.CA_CERTIFICATE]:
            words = f"missing in {folder}: {missing[0]}, of the authority that signed "
            return Finding("fail", f"{words}{authority.CERTIFICATE}: put it there")
        if (authority.CERTIFICATE in missing) != (authority.KEY in missing):
            names = ", ".join(missing)
            words = f"missing in {folder}: {names}: put it back, or move its other half "
            return Finding("fail", f"{words}away to have both made anew by `jobsched init`")
        if not self._config.value("redis_url"):
            return Finding("pass", f"there are none yet: `jobsched up` makes them in {folder}")
        words = f"missing in {folder}: {', '.join(missing)}; `jobsched init` makes what is missing"
        return Finding("fail", words)


def _keys(folder: Path) -> list[Path]:
    """Give the keys that are there; a worker needs no ``ca-key.pem``."""
    return [path for name in (authority.KEY, authority.CA_KEY) if (path := folder / name).exists()]


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _dated(folder: Path) -> Finding:
    from jobsched.authority import certificate  # noqa: PLC0415 - 60 ms

    names = (authority.CA_CERTIFICATE, authority.CERTIFICATE)
    try:
        ours = certificate.load((folder / names[0]).read_bytes())
        # an authority of the operator's own may use other keys than we make
        worker = certificate.pair(
            (folder / names[1]).read_bytes(), (folder / authority.KEY).read_bytes()
        )
    except (ConfigError, OSError) as error:
        return Finding("fail", f"in {folder}: {error}")
    if not certificate.is_signed_by(worker, ours):
        words = f"{names[1]} in {folder} is not signed by {names[0]}: the machines will refuse it"
        return Finding("fail", words)
    left = min(ours.not_valid_after_utc, worker.not_valid_after_utc) - datetime.now(UTC)
    if left <= timedelta():
        return Finding("fail", f"the certificates in {folder} are too old: {RENEW}")
    if left < SOON:
        return Finding("warn", f"the certificates in {folder} end in {left.days} days: {RENEW}")
    return Finding("pass", f"good for {left.days} days, in {folder}")


RENEW: Final = "move them away when no machine runs, and say `jobsched init`"

__all__ = ["Certificates"]
