"""Plugins that are installed: entry points of the group ``jobsched``."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points

from jobsched.hooks.candidate import Candidate

GROUP = "jobsched"


def installed() -> Iterator[Candidate]:
    """Give each; two distributions may bring one name."""
    for entry_point in entry_points(group=GROUP):
        distribution = entry_point.dist
        yield Candidate(
            name=entry_point.name,
            what=entry_point.value,
            module=entry_point.module,
            importer=entry_point.load,
            distribution=distribution.name if distribution else "",
            version=distribution.version if distribution else "",
        )


__all__ = ["GROUP", "installed"]
