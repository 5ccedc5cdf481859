"""TLS to a host whose one certificate is known: exactly that one is spoken to."""

from __future__ import annotations

import hashlib
import ssl
from typing import Any

from docker.tls import TLSConfig
from requests.adapters import HTTPAdapter

from jobsched_static_hosts.engine import Unanswered
from jobsched_static_hosts.host import Credentials, Host


class Pinned(HTTPAdapter):
    """Sends each request once, over TLS, to the holder of one certificate."""

    def __init__(self, tls: dict[str, Any]) -> None:
        self._tls = tls
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pool of pools."""
        options |= self._tls
        super().init_poolmanager(*args, **options)

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Keep our TLS where requests would put its own into each call."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, dict(self._tls)

    def cert_verify(self, *args: Any) -> None:
        """Do nothing: requests would look for authorities here."""


class Transport(TLSConfig):
    """Has the docker SDK use the adapter from its first request on: its one door is TLS."""

    def __init__(self, host: Host, credentials: Credentials) -> None:
        self._adapter = Pinned(tls_of(host, credentials))

    def configure_client(self, client: Any) -> None:
        """Mount the adapter; called by the SDK before it sends anything."""
        # Neither a proxy nor authorities of this process' environment are for the hosts.
        client.trust_env = False
        client.mount("https://", self._adapter)


def tls_of(host: Host, credentials: Credentials) -> dict[str, Any]:
    """Give urllib3's settings for connections to the host.

    Raises:
        Unanswered: a file cannot be used; the sentence names it.
    """
    return {
        "ssl_context": _context(credentials),
        "assert_fingerprint": _fingerprint(host),
        "assert_hostname": False,
    }


def certificate_of(host: Host) -> str:
    """Read the host's certificate.

    Raises:
        Unanswered: it cannot be read.
    """
    try:
        return host.certificate.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise Unanswered(
            f"the certificate of {host.name} cannot be read: {error}", "configuration"
        ) from error


def _context(credentials: Credentials) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # The fingerprint of the whole certificate is checked in place of a chain and a name.
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    try:
        made.load_cert_chain(credentials.certificate, credentials.key)
    except (OSError, ssl.SSLError) as error:
        raise Unanswered(
            f"the client certificate {credentials.certificate} or its key {credentials.key} "
            f"cannot be used: {error}",
            "configuration",
        ) from error
    return made


def _fingerprint(host: Host) -> str:
    try:
        encoded = ssl.PEM_cert_to_DER_cert(certificate_of(host).strip())
    except ValueError as error:
        raise Unanswered(
            f"{host.certificate} holds no single PEM certificate", "configuration"
        ) from error
    return hashlib.sha256(encoded).hexdigest()


__all__ = ["Transport", "certificate_of", "tls_of"]
