"""Certificates of P-256 keys: an authority's, and those that it signs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from jobsched.errors import ConfigError

#: longer than any job, and than most deployments; `jobsched doctor` warns a month ahead
LIFE: Final = timedelta(days=3650)
#: a machine's clock may be behind
BEFORE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A certificate and its key, as objects of `cryptography`."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def certificate_pem(self) -> bytes:
        """Give the certificate as a PEM file holds it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """Give the key as a PEM file holds it, not encrypted."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def authority(name: str) -> Pair:
    """Make an authority, which signs its own certificate and others'."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(name)
    about = _about(subject, subject, key).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    return Pair(certificate=about.sign(key, hashes.SHA256()), key=key)


def client(name: str, issuer: Pair) -> Pair:
    """Make the certificate of a client, signed by an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    about = (
        _about(_named(name), issuer.certificate.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    return Pair(certificate=about.sign(issuer.key, hashes.SHA256()), key=key)


def load(certificate: bytes) -> x509.Certificate:
    """Read a PEM file of a certificate.

    Raises:
        ConfigError: it is none.
    """
    try:
        return x509.load_pem_x509_certificate(certificate)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"a certificate cannot be read: {error}") from error


def read(certificate: bytes, key: bytes) -> Pair:
    """Read a pair of PEM files of our own kind.

    Raises:
        ConfigError: they are no such pair.
    """
    found = pair(certificate, key)
    private = serialization.load_pem_private_key(key, password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise ConfigError("the key of a certificate is none of an elliptic curve")
    return Pair(certificate=found, key=private)


def pair(certificate: bytes, key: bytes) -> x509.Certificate:
    """Give a certificate whose key this is, of whatever kind (RSA, too).

    Raises:
        ConfigError: they are no pair.
    """
    found = load(certificate)
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"the key of a certificate cannot be read: {error}") from error
    if private.public_key() != found.public_key():
        raise ConfigError("a certificate and the key beside it do not belong together")
    return found


def is_signed_by(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Say whether a certificate was signed by the authority of another."""
    try:
        one.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _about(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + LIFE)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


__all__ = ["LIFE", "Pair", "authority", "client", "is_signed_by", "load", "pair", "read"]
