"""Whether ranges of addresses are, together, the whole Internet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


def is_everybody(sources: Iterable[str]) -> bool:
    """Whether sources, as two halves, are all addresses of IPv4 or of IPv6. Pure.

    Args:
        sources: ranges of addresses, and ids of groups and prefix lists, which are never everybody.
    """
    ranges = [ipaddress.ip_network(one, strict=False) for one in sources if _is_range(one)]
    four = [one for one in ranges if isinstance(one, ipaddress.IPv4Network)]
    six = [one for one in ranges if isinstance(one, ipaddress.IPv6Network)]
    return any(one.prefixlen == 0 for one in ipaddress.collapse_addresses(four)) or any(
        one.prefixlen == 0 for one in ipaddress.collapse_addresses(six)
    )


def _is_range(source: str) -> bool:
    return source[:1].isdigit() or ":" in source


__all__ = ["is_everybody"]
