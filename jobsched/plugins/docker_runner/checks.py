"""``jobsched doctor``: the certificates that the configuration names for remote engines."""

from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from jobsched.contracts.check import Check, Finding
from jobsched.plugins.docker_runner.config import CERTIFICATES, Settings

#: a job may last a week, and an operator may be on holiday
SOON: Final = timedelta(days=30)


class NamedCertificates(Check):
    """The three files that remote engines are spoken to with are there, and belong together.

    Those of the deployment's own folder are the core's to look at.
    """

    name = "docker_runner.certificates"

    def __init__(self, settings: Settings, ca_dir: Path) -> None:
        self._files = {key: Path(getattr(settings, key)) for key in CERTIFICATES}
        usual = {key: ca_dir / name for key, name in CERTIFICATES.items()}
        self._is_named = self._files != usual

    async def look(self) -> Finding:
        """See the contract."""
        if not self._is_named:
            return Finding("pass", "those of the deployment are used: see the check certificates")
        for name, path in self._files.items():
            if not path.is_file():
                return Finding("fail", f"{path} is not there: correct {setting(name)}")
        key = self._files["client_key"]
        if key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return Finding("fail", f"others than its owner can get at {key}: chmod 600 it")
        return self._dated()

    def _dated(self) -> Finding:
        from cryptography import x509  # noqa: PLC0415 - 60 ms
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

        ca, shown, key = (self._files[name] for name in CERTIFICATES)
        try:
            ssl.create_default_context(cafile=str(ca)).load_cert_chain(shown, key, password="")
            ours, theirs = (x509.load_pem_x509_certificate(one.read_bytes()) for one in (ca, shown))
            theirs.verify_directly_issued_by(ours)
        except (InvalidSignature, TypeError):
            words = f"{shown} is not signed by {ca}: engines that trust the one refuse the other"
            return Finding("warn", f"{words}, unless an authority stands between them")
        except (OSError, ValueError) as error:
            why = " ".join(str(error).split())[:200]
            words = f"{shown}, its key {key} and {ca} are no certificates that go together"
            return Finding("fail", f"{words} ({why}): correct {setting('client_certificate')}")
        left = min(ours.not_valid_after_utc, theirs.not_valid_after_utc) - datetime.now(UTC)
        if left <= timedelta():
            return Finding("fail", f"{shown} or {ca} is too old: have new ones made")
        if left < SOON:
            return Finding("warn", f"{shown} or {ca} ends in {left.days} days: have new ones made")
        return Finding("pass", f"good for {left.days} days: {shown}")


def setting(key: str) -> str:
    """Give the name of a setting of ours, and of its variable."""
    return f"docker_runner.{key} (JOBSCHED_DOCKER_RUNNER_{key.upper()})"


__all__ = ["NamedCertificates", "setting"]
