"""A plugin that the configuration may name, wherever it lies; imported only when it is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jobsched.errors import PluginError, PluginLoadFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One plugin, not imported yet."""

    name: str
    #: what is imported: ``jobsched_acme``, ``/opt/plugins/acme.py``
    what: str
    #: the name of its module, once it is imported
    module: str
    #: imports it; the same module however often it is called
    importer: Callable[[], Any] = field(repr=False)
    #: of an installed one: ``jobsched-acme``, and its version
    distribution: str = ""
    version: str = ""
    #: of one that lies in ``plugins_dir``: the file
    file: str = ""

    @property
    def maker(self) -> str:
        """Who brings it, for people."""
        return self.distribution or self.what

    def load(self) -> Any:
        """Import it and give its module.

        Raises:
            PluginLoadFailed: it cannot be imported, or must not be.
        """
        try:
            return self.importer()
        except PluginError:
            raise
        except (Exception, SystemExit) as error:
            message = f"{self.what} cannot be imported: {type(error).__name__}: {error}"
            raise PluginLoadFailed(self.name, message) from error


__all__ = ["Candidate"]
