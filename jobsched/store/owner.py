"""Whose a store is: what it says itself, and what that means to who asks; for every adapter.

It says the deployment and, once it was put back from a backup, its epoch: a word that none before
had. Who opens a store speaks for the epoch that it has then, and is refused in a later one: a
record may have the same `rev` there and tell another story.
"""

from __future__ import annotations

#: what a store says at the end while it is being put right
RESTORING = "/restoring"


def owner(found: str, deployment: str) -> str:
    """Give what a process of the deployment says that opens the store now.

    Args:
        found: what the store says.
        deployment: the process' own.
    """
    named = found.removesuffix(RESTORING)
    return named if _deployment(named) == deployment else deployment


def in_epoch(known: str, epoch: str) -> str:
    """Give what the deployment's store says in another epoch."""
    return f"{_deployment(known)}/{epoch}"


def whose(found: str, wanted: str, *, put_back: bool = False) -> str:
    """Say what is wrong with a store, and what to do.

    Args:
        found: what the store says, empty for nothing.
        wanted: what the process says that asks.
        put_back: it asks for a store that was put back from a backup.
    """
    deployment = _deployment(wanted)
    if not found and put_back:
        return (
            "The store is empty: nothing was put back. Redis reads dump.rdb only while appendonly "
            "is off: stop it, put the files back, and start it with `appendonly no`."
        )
    if not found:
        return (
            f"The store is empty: nobody has made it the store of deployment {deployment}. "
            "`jobsched init --store` does."
        )
    if found == wanted:
        return f"The store of deployment {deployment} was made with another secret."
    if _deployment(found) != deployment:
        return f"The store belongs to deployment {_deployment(found)}, not to {deployment}."
    if found.endswith(RESTORING):
        return "The store was put back from a backup and is not put right yet: `jobsched restore`."
    return (
        "The store was restored from a backup after this process had opened it: start the process "
        "again."
    )


def _deployment(says: str) -> str:
    return says.partition("/")[0]


__all__ = ["RESTORING", "in_epoch", "owner", "whose"]
