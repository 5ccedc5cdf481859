"""User data: its encoding and its limit."""

from __future__ import annotations

import base64
import binascii
import gzip
from typing import Final

from jobsched.testing.ec2.refusal import Refusal

GZIP: Final = b"\x1f\x8b"


def check(encoded: str | None, limit: int) -> None:
    """Raise a Refusal if it is no base64, or longer than the limit before its encoding."""
    if encoded and len(decoded(encoded)) > limit:
        raise Refusal("InvalidParameterValue", f"User data is limited to {limit} bytes")


def decoded(encoded: str) -> bytes:
    """Give the bytes that a machine gets.

    Raises:
        Refusal: it is no base64.
    """
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        code = "InvalidUserData.Malformed"
        raise Refusal(code, "Invalid BASE64 encoding of user data.") from None


def read(encoded: str | None) -> str:
    """Give what a machine's cloud-init reads: decoded, and unpacked if it is packed."""
    raw = decoded(encoded or "")
    return (gzip.decompress(raw) if raw.startswith(GZIP) else raw).decode(errors="replace")


__all__ = ["check", "decoded", "read"]
