"""Who can change a file: code is run only where nobody but its owner and root can."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path


def danger(path: Path) -> str:
    """Say why a file or folder cannot be trusted, and what to do; empty where it can.

    It must belong to this process' user or to root, and nobody else may write to it. What lies on
    a file system that is mounted read-only is trusted: whoever mounted it has chosen it.

    Raises:
        OSError: it cannot be looked at.
    """
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return ""
    found = path.stat()
    if found.st_uid not in {0, os.geteuid()}:
        return (
            f"as {path} belongs to {_user(found.st_uid)}, who is neither root nor the user of this "
            "process: chown it, or mount it read-only"
        )
    if found.st_mode & stat.S_IWOTH:
        return f"as everybody can write to {path}: chmod go-w it"
    if found.st_mode & stat.S_IWGRP and not _is_private(found.st_gid, found.st_uid):
        return f"as its group can write to {path}: chmod g-w it"
    return ""


def danger_below(path: Path) -> str:
    """Say the same of a file, or of a folder and all that is in it.

    Raises:
        OSError: it cannot be looked at.
    """
    # A link that leads nowhere, such as an editor's lock, holds no code.
    inside = (one for one in sorted(path.rglob("*")) if one.exists())
    return next(filter(None, map(danger, (path, *inside))), "")


def _is_private(group: int, owner: int) -> bool:
    """Whether it is the owner's own group, as many systems give one to each user (umask 002)."""
    try:
        found, user = grp.getgrgid(group), pwd.getpwuid(owner)
    except KeyError:
        return False
    return found.gr_name == user.pw_name and set(found.gr_mem) <= {user.pw_name}


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"the user {number}"


__all__ = ["danger", "danger_below"]
