"""How hard it is to try a secret out."""

from __future__ import annotations

import math
import string
from typing import Final

#: what nobody tries out
BITS: Final = 128
#: fewer different characters are no random text, however long it is
FEWEST: Final = 8
#: what a secret may be made of, the smallest first
ALPHABETS: Final = (
    string.digits,
    string.digits + "abcdef",
    string.digits + "ABCDEF",
    string.digits + string.ascii_lowercase,
    string.digits + string.ascii_uppercase,
    string.digits + string.ascii_letters,
)
PRINTABLE: Final = 94
MAKE: Final = "`openssl rand -hex 32` makes one"


def is_strong(secret: str) -> bool:
    """Whether a random text of its length and alphabet has 128 bits. Pure."""
    if len(set(secret)) < FEWEST:
        return False
    sizes = (len(one) for one in ALPHABETS if set(secret) <= set(one))
    return len(secret) * math.log2(next(sizes, PRINTABLE)) >= BITS


__all__ = ["BITS", "MAKE", "is_strong"]
