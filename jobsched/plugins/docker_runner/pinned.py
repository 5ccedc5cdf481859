"""TLS to a machine whose one certificate is known: exactly that one is spoken to."""

from __future__ import annotations

import hashlib
import ssl
from typing import Any

from jobsched.domain.job import Access
from jobsched.plugins.docker_runner.config import Settings
from jobsched.plugins.docker_runner.failure import configuration, wrong_host


def tls(access: Access, settings: Settings) -> dict[str, Any]:
    """Give urllib3's settings for connections to the holder of one certificate.

    Raises:
        RunnerFailed: our certificate, its key or the machine's certificate cannot be used.
    """
    return {
        "ssl_context": _context(settings),
        "assert_fingerprint": _fingerprint(access.certificate),
        "assert_hostname": False,
    }


def _context(settings: Settings) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # The machine signed its certificate itself: the fingerprint is checked in place of a chain.
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    try:
        made.load_cert_chain(settings.client_certificate, settings.client_key)
    except (OSError, ssl.SSLError) as error:
        raise configuration(
            f"the client certificate {settings.client_certificate} or its key "
            f"{settings.client_key} cannot be used: {error}"
        ) from error
    return made


def _fingerprint(certificate: str) -> str:
    try:
        encoded = ssl.PEM_cert_to_DER_cert(certificate)
    except ValueError as error:
        raise wrong_host("the machine has no readable certificate to be known by") from error
    return hashlib.sha256(encoded).hexdigest()


__all__ = ["tls"]
