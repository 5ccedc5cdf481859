"""An answer that is an error, with the code and status that AWS gives it."""

from __future__ import annotations

from typing import Final

#: what is not 400; the rest is
STATUS: Final = {
    "AuthFailure": 401,
    "DryRunOperation": 412,
    "InsufficientInstanceCapacity": 500,
    "InternalError": 500,
    "RequestLimitExceeded": 503,
    "ServiceUnavailable": 503,
    "UnauthorizedOperation": 403,
    "Unavailable": 503,
}
UNAUTHORIZED: Final = "You are not authorized to perform this operation."


class Refusal(Exception):
    """AWS refuses; nothing was done."""

    def __init__(self, code: str, message: str, *, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        #: of HTTP
        self.status = status or STATUS.get(code, 400)


__all__ = ["UNAUTHORIZED", "Refusal"]
