"""Whose a store is, in a sentence: the same for every adapter."""

from __future__ import annotations


def whose(found: str, wanted: str) -> str:
    """Say what is wrong with a store.

    Args:
        found: the deployment whose it is, empty for nobody's.
        wanted: the deployment that asks.
    """
    if not found:
        return f"The store is empty: nobody has made it the store of deployment {wanted}."
    if found == wanted:
        return f"The store of deployment {wanted} was made with another secret."
    return f"The store belongs to deployment {found}, not to {wanted}."


__all__ = ["whose"]
